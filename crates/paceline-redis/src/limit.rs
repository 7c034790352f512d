use std::{error, fmt, time::Duration};

use paceline_core::{Dimension, Quota};
use paceline_sliding_window::Estimate;

use crate::{
    Window,
    span::{LARGEST, Spans},
};

/// A limit whose state all processes share.
///
/// What it is called in the store follows from its dimension, its kind and its period, and not from its
/// numbers: a limit that is raised or lowered keeps what was used of it.
///
/// # Examples
///
/// ```
/// use paceline_core::{Dimension, Quota};
/// use paceline_quota::CalendarUnit;
/// use paceline_redis::{SharedLimit, Window};
///
/// let limits = [
///     SharedLimit::gcra(Dimension::Requests, Quota::per_minute(500)),
///     SharedLimit::gcra(Dimension::Tokens, Quota::per_minute(200_000)),
///     SharedLimit::quota(Dimension::Requests, 10_000, Window::utc(CalendarUnit::Day)),
/// ];
/// # let _ = limits;
/// ```
#[derive(Clone, Debug)]
pub struct SharedLimit {
    pub(crate) dimension: Dimension,
    pub(crate) rule: Rule,
}

#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Gcra(Quota),
    Sliding(Quota, Estimate),
    Quota(u64, Window),
}

impl SharedLimit {
    /// Cells that replenish all the time: in any closed interval of length `t` at most
    /// `burst + limit * t / period`, exactly as [`Gcra`](paceline_gcra::Gcra) on whole microseconds.
    pub const fn gcra(dimension: Dimension, quota: Quota) -> Self {
        Self {
            dimension,
            rule: Rule::Gcra(quota),
        }
    }

    /// Two buckets, the current and the previous period, taken together as `estimate` says; exactly as
    /// [`SlidingCounter`](paceline_sliding_window::SlidingCounter) on whole microseconds.
    ///
    /// The burst of the quota means nothing here.
    pub const fn sliding(dimension: Dimension, quota: Quota, estimate: Estimate) -> Self {
        Self {
            dimension,
            rule: Rule::Sliding(quota, estimate),
        }
    }

    /// So many cells per window. 0 is disabled, and [`u64::MAX`] is no limit.
    pub const fn quota(dimension: Dimension, cells: u64, window: Window) -> Self {
        Self {
            dimension,
            rule: Rule::Quota(cells, window),
        }
    }

    /// What it counts.
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The most cells that it can ever admit at once.
    pub(crate) const fn most(&self) -> u64 {
        match &self.rule {
            Rule::Gcra(quota) => quota.burst(),
            Rule::Sliding(quota, _) => quota.limit(),
            Rule::Quota(cells, _) => *cells,
        }
    }

    /// Whether it has no state: disabled, or no limit at all.
    pub(crate) const fn is_constant(&self) -> bool {
        match &self.rule {
            Rule::Gcra(quota) | Rule::Sliding(quota, _) => {
                quota.is_disabled() || quota.is_unlimited()
            }
            Rule::Quota(cells, _) => matches!(*cells, 0 | u64::MAX),
        }
    }

    /// A text that two limits share if and only if they share their state.
    pub(crate) fn identity(&self) -> String {
        let dimension = self.dimension;
        match &self.rule {
            Rule::Gcra(quota) => format!("{dimension} gcra {} ns", quota.period_nanos()),
            Rule::Sliding(quota, _) => format!("{dimension} sliding {} ns", quota.period_nanos()),
            Rule::Quota(_, window) => format!("{dimension} quota {}", window.shape()),
        }
    }

    /// Checks that scripts can count it.
    pub(crate) fn validate(&self) -> Result<(), LimitError> {
        if self.is_constant() {
            return Ok(());
        }
        let whole = |period: Duration| {
            let nanos = period.as_nanos();
            nanos.is_multiple_of(1_000) && (1_000_000..=1_000_u128 << 50).contains(&nanos)
        };
        match &self.rule {
            Rule::Gcra(quota) => match Spans::new(*quota) {
                Some(_) => Ok(()),
                None => Err(LimitError::BeyondCounting),
            },
            Rule::Sliding(quota, _) if quota.limit() > LARGEST => Err(LimitError::BeyondCounting),
            Rule::Quota(cells, _) if *cells > LARGEST => Err(LimitError::BeyondCounting),
            Rule::Sliding(quota, _) if !whole(quota.period()) => Err(LimitError::Period),
            Rule::Quota(_, window) if window.period().is_some_and(|period| !whole(period)) => {
                Err(LimitError::Period)
            }
            _ => Ok(()),
        }
    }
}

/// Why a limit cannot be shared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LimitError {
    /// It has more than 2^52 cells, lasts longer than 35 years, or its cells last a fraction of a
    /// microsecond whose denominator exceeds 2^52.
    BeyondCounting,
    /// The period of a window is no whole number of microseconds from a millisecond to 35 years.
    Period,
    /// Two limits are the same but for their numbers.
    Twice,
    /// A lease is of no requests, expires at once or after more than a minute, or is more than half of a burst; or a
    /// limit is no GCRA on requests.
    Lease,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeyondCounting => {
                "limit exceeds 2^52 cells, 35 years or 2^52 parts of a microsecond"
            }
            Self::Period => "period is no whole number of microseconds from 1 ms to 35 years",
            Self::Twice => "two limits have the same dimension, kind and period",
            Self::Lease => "expected GCRAs on requests with bursts of two leases, and 1 ms to 60 s",
        })
    }
}

impl error::Error for LimitError {}
