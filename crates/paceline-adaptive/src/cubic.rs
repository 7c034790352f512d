use paceline_core::{Denied, Limiter, Timestamp};
use paceline_token_bucket::TokenBucket;

use crate::{
    Rate,
    curve::{BETA, Curve},
    pace_meter::PaceMeter,
};

/// The adaptive limiter of the AWS SDKs: off until the first refusal, then a rate on a cubic curve.
///
/// A refusal sets the rate to 7/10 of what was sent, and from then on the rate follows
/// `0.4 * (t - K)^3 + w`, `t` seconds after the refusal at a rate of `w`, where `K` is such that it starts
/// at 7/10 of `w`: it returns quickly, lingers at `w`, and then rises ever faster. It is never more than twice
/// what was measured, so a client that has little to send does not save up a high rate, and never less than
/// one cell in two seconds. What may be sent at once is what the rate gives in a second, one cell at least.
///
/// Every refusal counts, also those of requests that were sent before the last one. Use
/// [`AimdRate`](crate::AimdRate) where many requests are in flight.
///
/// A cost above what may be sent at once is [`TooLarge`](Denied::TooLarge), at the rate of the moment. It
/// counts requests, whose cost is one and never too large.
///
/// Source: "adaptive" retry mode, as in botocore 1.44.5 and aws-smithy-runtime 1.16.2. All is integer
/// arithmetic in steps of 10^-12, where they compute in floating point; the capacity is rounded down to a
/// millionth of a cell. Two faults of early releases cannot occur: what is available does not run below zero
/// when several callers ask at once, and a refusal names a time that is later than `now`.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paceline_adaptive::{CubicRate, Rate};
/// use paceline_core::{Limiter, Timestamp};
///
/// let at = |ms| Timestamp::EPOCH.saturating_add(Duration::from_millis(ms));
/// let mut limiter = CubicRate::new(at(0));
/// for n in 0..100 {
///     assert!(limiter.try_acquire(at(10 * n), 1).is_ok());
///     limiter.succeeded(at(10 * n));
/// }
/// assert!(!limiter.is_enabled());
///
/// limiter.throttled(at(1_000));
/// assert!(limiter.is_enabled());
/// assert!(limiter.rate() > Rate::per_second(60) && limiter.rate() < Rate::per_second(70));
/// ```
#[derive(Clone, Debug)]
pub struct CubicRate {
    /// Counts millionths of cells.
    bucket: TokenBucket,
    enabled: bool,
    rate: Rate,
    curve: Curve,
    measured: PaceMeter,
}

impl CubicRate {
    /// The least rate: one cell in two seconds.
    const LEAST: Rate = Rate::from_picos(500_000_000_000);

    /// Makes a limiter that admits everything until it is told of a refusal.
    pub fn new(now: Timestamp) -> Self {
        Self {
            bucket: TokenBucket::with_initial(Self::LEAST.micro_quota(MICROS), now, 0),
            enabled: false,
            rate: Self::LEAST,
            curve: Curve::new(Rate::ZERO, now),
            measured: PaceMeter::new(now),
        }
    }

    /// The rate at which requests may be sent, once it is enabled.
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Whether anything was refused yet; before, everything is admitted.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Learns that a response at `now` was no refusal.
    pub fn succeeded(&mut self, now: Timestamp) {
        let measured = self.measured.count(now, 1);
        self.set_rate(now, self.curve.at(now), measured);
    }

    /// Learns that a response at `now` was a refusal.
    pub fn throttled(&mut self, now: Timestamp) {
        let measured = self.measured.count(now, 1);
        let used = if self.enabled {
            measured.min(self.rate)
        } else {
            measured
        };
        self.curve = Curve::new(used, self.curve.since().max(now));
        self.enabled = true;
        self.set_rate(now, used.times(BETA.0, BETA.1), measured);
    }

    /// What has replenished until `now` has done so at the old rate.
    fn set_rate(&mut self, now: Timestamp, rate: Rate, measured: Rate) {
        let rate = rate.min(measured.times(2, 1));
        self.rate = rate.max(Self::LEAST);
        let capacity = (rate.as_picos() / MICROS).max(MICROS);
        self.bucket.set_quota(now, self.rate.micro_quota(capacity));
    }
}

/// In a cell; as many picocells make a microcell.
const MICROS: u64 = 1_000_000;

impl Limiter for CubicRate {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        if !self.enabled {
            return Ok(());
        }
        let answer = self.bucket.check(now, cost.saturating_mul(MICROS));
        answer.map_err(|denied| match denied {
            Denied::Until(at) => Denied::Until(at),
            Denied::TooLarge { max } => Denied::TooLarge { max: max / MICROS },
        })
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        if self.enabled {
            self.bucket.charge(now, cost.saturating_mul(MICROS));
        }
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.enabled {
            self.bucket.available(now) / MICROS
        } else {
            u64::MAX
        }
    }
}
