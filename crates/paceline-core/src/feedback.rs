use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use crate::{Dimension, Timestamp};

/// What one response of a provider says about limits.
///
/// All points in time are on the caller's timeline. What a response does not say is `None`: unknown is
/// never zero.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paceline_core::{Class, Feedback, Hint, HintSource, Timestamp};
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let mut feedback = Feedback::new(Class::Pace);
/// assert_eq!(feedback.retry_after(now), None);
///
/// let at = now.saturating_add(Duration::from_secs(20));
/// feedback.hint = Some(Hint { at, source: HintSource::RetryAfter });
/// assert_eq!(feedback.retry_after(now), Some(Duration::from_secs(20)));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Feedback {
    /// How the response stands to the limits.
    pub class: Class,
    /// When to come back, if the response says so.
    pub hint: Option<Hint>,
    /// Every limit that the response speaks of.
    pub limits: Vec<LimitReading>,
    /// Whether the provider warned that a limit is near although it served the request.
    pub near_limit: bool,
    /// What the provider says that this request was charged, in tokens.
    pub cost: Option<u64>,
    /// What the provider says outright about trying again.
    pub should_retry: Option<bool>,
}

impl Feedback {
    /// Feedback of a class that says nothing else.
    pub const fn new(class: Class) -> Self {
        Self {
            class,
            hint: None,
            limits: Vec::new(),
            near_limit: false,
            cost: None,
            should_retry: None,
        }
    }

    /// How long to stay away, counted from `now`; `None` if the response does not say.
    ///
    /// Zero is what some servers say, and what is over by now. It is a floor, not a delay: add jitter.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        Some(self.hint?.at.saturating_duration_since(now))
    }

    /// The limit that refused the request: the one that the response blames, or the only one that is
    /// used up.
    ///
    /// `None` if that cannot be told, or if no limit refused it.
    pub fn refused_by(&self) -> Option<&LimitReading> {
        if !matches!(self.class, Class::Pace | Class::Quota | Class::TooLarge) {
            return None;
        }
        let blamed = self.limits.iter().find(|reading| reading.refused);
        blamed.or_else(|| {
            let mut exhausted = self.limits.iter().filter(|reading| reading.is_exhausted());
            let first = exhausted.next()?;
            exhausted.next().is_none().then_some(first)
        })
    }
}

/// How a response stands to a provider's limits, and so what cures it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Class {
    /// Nothing was refused.
    Ok,
    /// Too much in too short a time: cured by a short wait, or by a longer one if limits of a day
    /// replenish all the time.
    Pace,
    /// What a day or month allows is used up, or nothing is allowed at all: cured when the period ends.
    Quota,
    /// Credit or a spending permission is missing: cured by money, not by time.
    Billing,
    /// The provider lacks capacity, whatever was asked of it before: cured by time or another model.
    Overload,
    /// This request exceeds what could ever be admitted: cured by a smaller one.
    TooLarge,
    /// It failed in a way that no limit explains.
    Other,
}

impl Class {
    /// Whether the same request may succeed soon.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Pace | Self::Overload)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Pace => "pace",
            Self::Quota => "quota",
            Self::Billing => "billing",
            Self::Overload => "overload",
            Self::TooLarge => "too large",
            Self::Other => "other",
        })
    }
}

/// What a server says about when to come back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Hint {
    /// Not before this time; may be in the past.
    pub at: Timestamp,
    /// Where it was read.
    pub source: HintSource,
}

/// Where a hint was read; earlier ones are preferred.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum HintSource {
    /// A header in milliseconds, such as `retry-after-ms`.
    RetryAfterMs,
    /// The header `Retry-After`.
    RetryAfter,
    /// A field made for machines, in a body or a header of the provider's own.
    Structured,
    /// A sentence made for people.
    Prose,
    /// When the limits that are used up reset.
    Reset,
}

/// What a response says about one limit.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct LimitReading {
    /// What the limit counts.
    pub metric: Metric,
    /// What the provider calls it, if it has several of a kind.
    pub name: Option<String>,
    /// The period over which it counts.
    pub window: Option<LimitWindow>,
    /// How much is allowed per window; zero means that nothing ever is.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: Option<u64>,
    /// How much is used.
    pub used: Option<u64>,
    /// How much of it is used, in millionths; may exceed a million.
    pub used_millionths: Option<u32>,
    /// How much the refused request asked for.
    pub requested: Option<u64>,
    /// When it resets; may be in the past.
    pub reset_at: Option<Timestamp>,
    /// Whether the response says that it was this limit that refused the request.
    pub refused: bool,
}

impl LimitReading {
    /// A reading that says nothing but what is counted.
    pub fn of(metric: Metric) -> Self {
        Self {
            metric,
            ..Self::default()
        }
    }

    /// Whether nothing is left, or the request was refused by this limit.
    pub fn is_exhausted(&self) -> bool {
        self.refused || self.remaining == Some(0)
    }
}

/// What a provider's limit counts: finer than what a limiter of ours is charged.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Metric {
    /// The response does not say.
    #[default]
    Unknown,
    /// Requests.
    Requests,
    /// Tokens sent and received.
    Tokens,
    /// Tokens sent.
    InputTokens,
    /// Tokens sent that were not in the provider's cache.
    UncachedInputTokens,
    /// Tokens received.
    OutputTokens,
    /// Tokens sent and received by a part of the account.
    ProjectTokens,
    /// Requests in flight.
    Concurrency,
}

impl Metric {
    /// What a limiter that stands for this limit is charged, if that can be told.
    pub const fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Requests => Some(Dimension::Requests),
            Self::Tokens | Self::ProjectTokens => Some(Dimension::Tokens),
            Self::InputTokens | Self::UncachedInputTokens => Some(Dimension::InputTokens),
            Self::OutputTokens => Some(Dimension::OutputTokens),
            Self::Unknown | Self::Concurrency => None,
        }
    }
}

/// The period over which a provider's limit counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LimitWindow {
    /// So much time; a day may be a day of the calendar.
    Span(Duration),
    /// A month of the calendar.
    Month,
}

impl LimitWindow {
    /// A second.
    pub const SECOND: Self = Self::Span(Duration::from_secs(1));
    /// A minute.
    pub const MINUTE: Self = Self::Span(Duration::from_secs(60));
    /// An hour.
    pub const HOUR: Self = Self::Span(Duration::from_secs(3_600));
    /// A day.
    pub const DAY: Self = Self::Span(Duration::from_secs(86_400));

    /// Whether a limit over this period is a quota to be spread, and not a pace: longer than an hour.
    pub fn is_long(self) -> bool {
        match self {
            Self::Span(span) => span > Duration::from_secs(3_600),
            Self::Month => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_what_counts_longer_than_an_hour() {
        assert!(!LimitWindow::HOUR.is_long());
        assert!(LimitWindow::Span(Duration::from_secs(3_601)).is_long());
        assert!(LimitWindow::DAY.is_long() && LimitWindow::Month.is_long());
    }

    #[test]
    fn sources_of_hints_are_ordered_as_they_are_preferred() {
        assert!(HintSource::RetryAfterMs < HintSource::RetryAfter);
        assert!(HintSource::RetryAfter < HintSource::Structured);
        assert!(HintSource::Structured < HintSource::Prose);
        assert!(HintSource::Prose < HintSource::Reset);
    }

    #[test]
    fn the_limit_that_refused_is_the_one_blamed_or_the_only_one_used_up() {
        let mut feedback = Feedback::new(Class::Pace);
        let mut used_up = LimitReading::of(Metric::Requests);
        used_up.remaining = Some(0);
        feedback.limits = Vec::from([used_up.clone(), LimitReading::of(Metric::Tokens)]);
        assert_eq!(feedback.refused_by(), Some(&used_up));

        feedback.limits[1].remaining = Some(0);
        assert_eq!(feedback.refused_by(), None);
        feedback.limits[1].refused = true;
        assert_eq!(feedback.refused_by(), Some(&feedback.limits[1]));

        feedback.class = Class::Ok;
        assert_eq!(feedback.refused_by(), None);
    }

    #[test]
    fn unknown_is_not_exhausted() {
        let mut reading = LimitReading::of(Metric::Tokens);
        assert!(!reading.is_exhausted());
        reading.remaining = Some(0);
        assert!(reading.is_exhausted());
    }
}
