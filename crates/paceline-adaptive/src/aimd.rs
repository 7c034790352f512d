use core::{error, fmt, ops::RangeInclusive, time::Duration};

use paceline_core::{Denied, Limiter, Timestamp};
use paceline_token_bucket::TokenBucket;

use crate::Rate;

/// Additive increase, multiplicative decrease: a rate found from refusals alone.
///
/// # Decrease
///
/// A refusal costs a 20th of the rate, once for all requests that were sent before it was heard of. If the
/// next refusal comes before the rate could grow again, it costs twice that share, and so on up to a half: a
/// rate that is slightly too high is hardly touched, and one that is ten times too high is left in six steps.
///
/// # Increase
///
/// Each second adds a 200th of the rate of the last refusal, so what a single refusal cost is back after ten
/// seconds, and a limit that was doubled is found in 200. Below five cells a second it takes fifty cells instead
/// of ten seconds, so that not every tenth request is spent on a probe. Before the first refusal each second adds an
/// eighth of the present rate. A rate grows only by successes of requests that were sent after the last
/// decrease, and only if 3/4 of it was used meanwhile: it learns nothing from a client that has little to
/// send. It is looked at once a second, or once in the time in which the burst replenishes if that is longer.
///
/// # Shape
///
/// It admits like a token bucket that holds `burst` cells. The burst is the largest cost of one
/// request, and is not learned.
///
/// Against a provider that meters a steady rate with a burst of seconds, it settles within a few percent of that rate and
/// has fewer than one in 30 requests refused. A provider with a burst of minutes lets it overshoot further
/// before it refuses, and one that counts by the clock refuses until its window ends: pause there for as long
/// as it says.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paceline_adaptive::{AimdRate, Rate};
/// use paceline_core::{Limiter, Timestamp};
///
/// let at = |ms| Timestamp::EPOCH.saturating_add(Duration::from_millis(ms));
/// let mut limiter = AimdRate::new(Rate::per_second(20), 1);
/// assert!(limiter.try_acquire(at(0), 1).is_ok());
/// assert!(limiter.try_acquire(at(50), 1).is_ok());
///
/// // Two refusals of requests that were in flight together count once.
/// limiter.throttled(at(100), at(0));
/// limiter.throttled(at(150), at(50));
/// assert_eq!(limiter.rate(), Rate::per_second(19));
/// ```
#[derive(Clone, Debug)]
pub struct AimdRate {
    bucket: TokenBucket,
    burst: u64,
    rate: Rate,
    range: (Rate, Rate),
    /// What a second adds; unknown before the first refusal.
    step: Option<Rate>,
    decreased_at: Option<Timestamp>,
    /// Decreases since the rate last grew.
    in_a_row: u32,
    /// When the interval that is looked at began, if it has.
    since: Option<Timestamp>,
    /// Cells charged in it.
    used: u64,
}

impl AimdRate {
    /// Starts from a guess, with this many cells at once.
    ///
    /// The rate stays between one cell a minute, or the guess if that is less, and [`Rate::MAX`].
    pub fn new(initial: Rate, burst: u64) -> Self {
        let initial = initial.max(SLOWEST);
        Self {
            bucket: TokenBucket::new(initial.quota(burst)),
            burst,
            rate: initial,
            range: (initial.min(Rate::per_minute(1)), Rate::MAX),
            step: None,
            decreased_at: None,
            in_a_row: 0,
            since: None,
            used: 0,
        }
    }

    /// The same limiter with a rate that stays in `range`.
    ///
    /// # Errors
    ///
    /// Fails if the range is empty, begins below 10^-9 cells a second, or does not hold the initial rate.
    pub fn with_range(self, range: RangeInclusive<Rate>) -> Result<Self, RateError> {
        if *range.start() < SLOWEST || !range.contains(&self.rate) {
            return Err(RateError);
        }
        Ok(Self {
            range: range.into_inner(),
            ..self
        })
    }

    /// The same limiter with a least rate, which the initial one is not below.
    pub(crate) fn at_least(self, least: Rate) -> Self {
        let range = (least.min(self.rate).max(SLOWEST), self.range.1);
        Self { range, ..self }
    }

    /// The present rate.
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Learns that a request sent at `sent_at` was served, from a response at `now`.
    pub fn succeeded(&mut self, now: Timestamp, sent_at: Timestamp) {
        if self.decreased_at.is_some_and(|at| sent_at <= at) {
            return;
        }
        let Some(since) = self.since else {
            (self.since, self.used) = (Some(now), 0);
            return;
        };
        let elapsed = now.saturating_duration_since(since);
        let interval = self.interval();
        if elapsed < interval {
            return;
        }
        // What the rate gave in that time, in 10^-21 cells; below 2^128, and so is what was used.
        let given = u128::from(self.rate.as_picos()) * elapsed.as_nanos();
        let used = u128::from(self.used).saturating_mul(1_000_000_000_000_000_000_000);
        if used / 3 >= given / 4 {
            let second = self.step.unwrap_or_else(|| self.rate.times(1, 8));
            let grown = u128::from(second.as_picos())
                .saturating_mul(elapsed.min(2 * interval).as_nanos())
                / 1_000_000_000;
            let rate = u128::from(self.rate.as_picos()).saturating_add(grown);
            self.set_rate(now, Rate::of(rate));
            self.in_a_row = 0;
        }
        (self.since, self.used) = (Some(now), 0);
    }

    /// Learns that a request sent at `sent_at` was refused, from a response at `now`.
    pub fn throttled(&mut self, now: Timestamp, sent_at: Timestamp) {
        if self.decreased_at.is_some_and(|at| sent_at <= at) {
            return;
        }
        let probes = self.rate.as_picos().min(Rate::per_second(5).as_picos());
        let step = self
            .rate
            .times(probes, 200 * Rate::per_second(5).as_picos());
        self.step = Some(step.max(SLOWEST));
        let left = match self.in_a_row {
            0 => (19, 20),
            1 => (9, 10),
            2 => (4, 5),
            3 => (3, 5),
            _ => (1, 2),
        };
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.set_rate(now, self.rate.times(left.0, left.1));
        // Should the clock have run back, the others that were sent then still belong.
        self.decreased_at = Some(now.max(sent_at));
        self.since = None;
    }

    /// How long usage is watched before the rate may grow.
    fn interval(&self) -> Duration {
        let quota = self.rate.quota(self.burst);
        let full = Duration::from_nanos(quota.replenishes_in(quota.parts(self.burst)));
        full.max(Duration::from_secs(1))
    }

    fn set_rate(&mut self, now: Timestamp, rate: Rate) {
        self.rate = rate.clamp(self.range.0, self.range.1);
        self.bucket.set_quota(now, self.rate.quota(self.burst));
    }
}

/// The least rate that the bucket can count: 10^-9 cells a second.
const SLOWEST: Rate = Rate::from_picos(1_000);

impl Limiter for AimdRate {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.bucket.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.bucket.charge(now, cost);
        self.used = self.used.saturating_add(cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.bucket.available(now)
    }
}

/// A range of rates that makes no sense: empty, from below 10^-9 a second, or without the initial rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateError;

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a range of rates from 10^-9 cells a second on that holds the initial rate",
        )
    }
}

impl error::Error for RateError {}
