use core::{error, fmt, time::Duration};

use paceline_core::{Class, Denied, Feedback, Limiter, Rng, SplitMix64, Timestamp};

/// One pause for all who share a key, fed by refusals.
///
/// A refusal closes the gate for everybody, until the time that the server named. It then opens for
/// one request at a time: the first within a spacing after that time, the next ones a jittered
/// spacing apart, so that nobody returns in a herd. Each charge narrows the spacing by 1/96, and each
/// refusal widens it by half, which finds the pace of a server that does not state it. A pause that let
/// at most one request pass was too short, which says nothing about the pace: the refusal after it
/// leaves the spacing as it is. Below the least spacing the gate stands open again.
///
/// Refusals of requests that were sent before the gate closed, or just then, belong to the same pause:
/// they may prolong it, and change nothing else. A refusal without a hint pauses for one second,
/// doubled for every pause in a row that let at most one request pass, to ten minutes at most.
///
/// What a server says is not trusted beyond [a day](Self::LONGEST_PAUSE): one response must not stop a
/// program for good. Each pause needs a refusal of its own; bound what a request waits in total by a deadline.
///
/// As a [`Limiter`], it counts requests. Until it is closed for the first time it admits everything.
///
/// # Examples
///
/// ```
/// use paceline_admission::Gate;
/// use paceline_core::{Denied, Limiter, Timestamp};
/// use std::time::Duration;
///
/// let mut gate = Gate::new(7);
/// let at = |s| Timestamp::EPOCH.saturating_add(Duration::from_secs(s));
/// assert!(gate.try_acquire(at(0), 1).is_ok());
/// // A 429 with `Retry-After: 20`, for the request that was sent at 0 s, arrives at 1 s.
/// gate.close(at(1), at(0), Some(Duration::from_secs(20)));
///
/// let Err(Denied::Until(opens_at)) = gate.check(at(5), 1) else { panic!() };
/// assert!(at(21) <= opens_at && opens_at <= at(22));
/// assert!(gate.try_acquire(opens_at, 1).is_ok());
/// // Only one at a time.
/// assert!(gate.try_acquire(opens_at, 1).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Gate {
    /// The first time at which a request may pass.
    opens_at: Timestamp,
    /// When it last closed: refusals of requests sent until then belong to that pause.
    closed_at: Option<Timestamp>,
    /// How long after the server's time it opens, in this pause.
    first_after: Duration,
    /// Nanoseconds between two requests, on average; 0 while it stands open.
    spacing: u64,
    /// The spacing after the first refusal.
    initial: u64,
    /// The spacing below which it stands open.
    least: u64,
    /// No hint is heard beyond this.
    longest_pause: Duration,
    /// Requests that passed since it closed.
    passed: u64,
    /// Pauses in a row that let hardly anybody pass.
    streak: u32,
    rng: SplitMix64,
}

impl Gate {
    /// The mean time between two requests after the first refusal, unless stated.
    pub const SPACING: Duration = Duration::from_millis(100);
    /// The mean time between two requests below which it stands open, unless stated.
    pub const LEAST_SPACING: Duration = Duration::from_millis(1);
    /// The longest that a hint may close it, unless stated: a day, after which one request asks again.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);
    /// Narrowing by 1/96, the spacing halves in 66 requests.
    const NARROWING: u64 = 96;
    /// No pause between two requests grows longer by refusals alone.
    const WIDEST: u64 = 60_000_000_000;

    /// Makes an open gate with a seed for its jitter.
    ///
    /// Requests are spaced by 100 ms after the first refusal, and the gate stands open below 1 ms.
    pub const fn new(seed: u64) -> Self {
        Self {
            opens_at: Timestamp::EPOCH,
            closed_at: None,
            first_after: Duration::ZERO,
            spacing: 0,
            initial: nanos(Self::SPACING),
            least: nanos(Self::LEAST_SPACING),
            longest_pause: Self::LONGEST_PAUSE,
            passed: 0,
            streak: 0,
            rng: SplitMix64::new(seed),
        }
    }

    /// The same gate with a stated spacing after the first refusal, and one below which it stands
    /// open; the first is best near the pace that the server allows.
    ///
    /// # Errors
    ///
    /// Fails unless `0 < least <= initial <= 60 s`.
    pub fn with_spacing(self, initial: Duration, least: Duration) -> Result<Self, GateError> {
        let (initial, least) = (nanos(initial), nanos(least));
        if least == 0 || least > initial || initial > Self::WIDEST {
            return Err(GateError);
        }
        Ok(Self {
            initial,
            least,
            ..self
        })
    }

    /// The same gate, which no hint closes for longer than this, whatever a server says.
    #[must_use]
    pub const fn with_longest_pause(mut self, longest: Duration) -> Self {
        self.longest_pause = longest;
        self
    }

    /// The average time between two requests that pass; zero while it stands open.
    pub const fn spacing(&self) -> Duration {
        Duration::from_nanos(self.spacing)
    }

    /// The first time at which a request may pass.
    pub const fn opens_at(&self) -> Timestamp {
        self.opens_at
    }

    /// Closes after a refusal that arrived at `now`, of a request sent at `sent_at`.
    ///
    /// `retry_after` is what the server said, counted from `now`; it counts up to the longest pause.
    pub fn close(&mut self, now: Timestamp, sent_at: Timestamp, retry_after: Option<Duration>) {
        // At the very moment it closed, too: nobody has passed since then.
        let belongs = self.closed_at.is_some_and(|closed_at| sent_at <= closed_at);
        if belongs {
            if let Some(pause) = retry_after {
                self.pause(now, pause.min(self.longest_pause));
            }
            return;
        }
        self.streak = match self.closed_at {
            Some(_) if self.passed <= 1 => self.streak.saturating_add(1),
            _ => 0,
        };
        self.spacing = match self.spacing {
            0 => self.initial,
            // Hardly anybody passed: the pause was too short, which says nothing about the pace.
            spacing if self.streak > 0 => spacing,
            spacing => spacing.saturating_add(spacing / 2).min(Self::WIDEST),
        };
        // Should the clock have run back, the others that were sent then still belong.
        self.closed_at = Some(now.max(sent_at));
        self.passed = 0;
        let heard = retry_after.map(|pause| pause.min(self.longest_pause));
        let pause = heard.unwrap_or_else(|| {
            let doubled = 1_u64.checked_shl(self.streak.min(10)).unwrap_or(u64::MAX);
            Duration::from_secs(doubled.min(600))
        });
        self.first_after = self.below(self.spacing);
        self.pause(now, pause);
    }

    /// Whether a response closes a gate: if a limit refused the request, of pace or of a quota, and for an overload
    /// that says when to come back. What waiting does not cure leaves it open.
    pub fn closes_for(feedback: &Feedback) -> bool {
        match feedback.class {
            Class::Pace | Class::Quota => true,
            Class::Overload => feedback.hint.is_some(),
            _ => false,
        }
    }

    /// Opens no earlier than after this pause and the jitter.
    fn pause(&mut self, now: Timestamp, pause: Duration) {
        let reopens_at = now.saturating_add(pause).saturating_add(self.first_after);
        self.opens_at = self.opens_at.max(reopens_at);
    }

    /// A random time below `nanos`.
    fn below(&mut self, nanos: u64) -> Duration {
        let scaled = (u128::from(self.rng.next_u64()) * u128::from(nanos)) >> 64;
        Duration::from_nanos(u64::try_from(scaled).unwrap_or(nanos))
    }
}

impl Limiter for Gate {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        if cost == 0 || now >= self.opens_at {
            Ok(())
        } else {
            Err(Denied::Until(self.opens_at))
        }
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.passed = self.passed.saturating_add(cost);
        if cost == 0 || self.spacing == 0 {
            return;
        }
        // Between half and one and a half times the spacing.
        let jittered = Duration::from_nanos(self.spacing / 2) + self.below(self.spacing);
        let times = u32::try_from(cost).unwrap_or(u32::MAX);
        let pause = jittered.saturating_mul(times);
        self.opens_at = self.opens_at.max(now).saturating_add(pause);
        self.spacing -= self.spacing / Self::NARROWING;
        if self.spacing < self.least || self.spacing < Self::NARROWING {
            self.spacing = 0;
        }
    }

    /// Everything while it stands open, or when it is a request's turn; else nothing.
    fn available(&self, now: Timestamp) -> u64 {
        if now >= self.opens_at { u64::MAX } else { 0 }
    }
}

/// A spacing out of range: expected `0 < least <= initial <= 60 s`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GateError;

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 0 < least spacing <= initial spacing <= 60 s")
    }
}

impl error::Error for GateError {}

#[expect(clippy::cast_possible_truncation, reason = "compared just before")]
const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        return u64::MAX;
    }
    nanos as u64
}
