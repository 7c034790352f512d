use core::{ops::RangeInclusive, time::Duration};

use crate::{Limit, LimitError, Sample, bounds::Bounds};

/// Additive increase, multiplicative decrease: a limit that learns from drops.
///
/// A success adds one, provided that at least half of the limit was in flight when the call started.
/// A drop, or a call that took longer than the timeout, multiplies the limit by the backoff ratio and
/// rounds down. Against a server that refuses the call above its `n`-th at once, the limit swings
/// between `ratio * (n + 1)` and `n + 1`.
///
/// Every drop counts, so several calls that are refused at once back off several times.
///
/// Source: Netflix concurrency-limits, `AIMDLimit`.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paceline_concurrency::{Aimd, Limit, LimitError};
///
/// const POLICY: Result<Aimd, LimitError> = Aimd::netflix().with_limits(10, 1..=50);
/// let policy = POLICY?.with_backoff((1, 2))?.with_timeout(Duration::from_secs(60))?;
/// assert_eq!(policy.limit(), 10);
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Aimd {
    limit: u32,
    bounds: Bounds,
    /// A fraction, so that the product is exact.
    backoff: (u32, u32),
    timeout: Duration,
}

impl Aimd {
    /// Makes Netflix's policy: initially 20 calls, from 20 to 200; a ratio of 9/10; a timeout of 5 s.
    ///
    /// Answers of language models often take longer than that.
    pub const fn netflix() -> Self {
        Self {
            limit: 20,
            bounds: Bounds::NETFLIX,
            backoff: (9, 10),
            timeout: Duration::from_secs(5),
        }
    }

    /// Starts from `initial` calls in flight, and stays in `range`.
    ///
    /// # Errors
    ///
    /// Fails if `range` is empty or begins with 0, and if `initial` is outside of it.
    pub const fn with_limits(
        self,
        initial: u32,
        range: RangeInclusive<u32>,
    ) -> Result<Self, LimitError> {
        match Bounds::new(initial, &range) {
            Ok(bounds) => Ok(Self {
                limit: initial,
                bounds,
                ..self
            }),
            Err(err) => Err(err),
        }
    }

    /// Sets what a drop multiplies the limit by, as a fraction.
    ///
    /// # Errors
    ///
    /// Fails if the ratio is below 1/2, or not below 1.
    pub const fn with_backoff(self, ratio: (u32, u32)) -> Result<Self, LimitError> {
        if ratio.0 >= ratio.1 || ratio.0 < ratio.1.div_ceil(2) {
            return Err(LimitError::Backoff);
        }
        Ok(Self {
            backoff: ratio,
            ..self
        })
    }

    /// Sets how long a call may take before it counts as dropped.
    ///
    /// # Errors
    ///
    /// Fails if `timeout` is zero.
    pub const fn with_timeout(self, timeout: Duration) -> Result<Self, LimitError> {
        if timeout.is_zero() {
            return Err(LimitError::ZeroTimeout);
        }
        Ok(Self { timeout, ..self })
    }

    /// The limit after a drop, before it is held within its bounds.
    fn backed_off(&self) -> u32 {
        let (numerator, denominator) = (u64::from(self.backoff.0), u64::from(self.backoff.1));
        let limit = u64::from(self.limit) * numerator / denominator;
        // The ratio is below 1, so the limit shrinks and always fits.
        u32::try_from(limit).unwrap_or(self.limit)
    }
}

impl Limit for Aimd {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn observe(&mut self, sample: Sample) {
        let limit = if sample.dropped || sample.took() > self.timeout {
            self.backed_off()
        } else if 2 * u64::from(sample.in_flight) >= u64::from(self.limit) {
            self.limit.saturating_add(1)
        } else {
            return;
        };
        self.limit = limit.clamp(self.bounds.min, self.bounds.max);
    }
}

#[cfg(test)]
mod tests {
    use paceline_core::Timestamp;

    use super::*;

    fn sample(in_flight: u32, took: Duration, dropped: bool) -> Sample {
        Sample {
            started_at: Timestamp::EPOCH,
            finished_at: Timestamp::EPOCH.saturating_add(took),
            in_flight,
            dropped,
        }
    }

    /// As Java computes it: `(int) (limit * 0.9)`.
    #[test]
    fn a_drop_rounds_as_floating_point_does() {
        for limit in (1..2_000_000).chain(u32::MAX - 1_000..=u32::MAX) {
            let mut policy = Aimd::netflix();
            policy.limit = limit;
            #[expect(clippy::cast_possible_truncation, reason = "below the limit")]
            #[expect(clippy::cast_sign_loss, reason = "not negative")]
            let reference = (f64::from(limit) * 0.9) as u32;
            assert_eq!(policy.backed_off(), reference);
        }
    }

    #[test]
    fn grows_by_one_if_half_of_the_limit_was_in_flight() {
        let grown = |limit, in_flight| {
            let policy = Aimd::netflix().with_limits(limit, 20..=200);
            let mut policy = policy.expect("in range");
            policy.observe(sample(in_flight, Duration::from_secs(1), false));
            policy.limit()
        };
        assert_eq!((grown(24, 11), grown(24, 12)), (24, 25));
        assert_eq!((grown(25, 12), grown(25, 13)), (25, 26));
    }

    #[test]
    fn a_call_that_takes_longer_than_the_timeout_was_dropped() {
        let after = |took| {
            let mut policy = Aimd::netflix().with_limits(50, 20..=200).expect("in range");
            policy.observe(sample(50, took, false));
            policy.limit()
        };
        let timeout = Duration::from_secs(5);
        assert_eq!(after(timeout), 51);
        assert_eq!(after(timeout + Duration::from_nanos(1)), 45);
    }

    #[test]
    fn refuses_what_has_no_meaning() {
        let error = |policy: Result<Aimd, LimitError>| policy.err();
        let aimd = Aimd::netflix;
        assert_eq!(
            error(aimd().with_limits(0, 0..=9)),
            Some(LimitError::ZeroMin)
        );
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let reversed = 9..=1;
        assert_eq!(
            error(aimd().with_limits(5, reversed)),
            Some(LimitError::MinAboveMax)
        );
        for initial in [1, 10] {
            let outside = Some(LimitError::InitialOutOfRange);
            assert_eq!(error(aimd().with_limits(initial, 2..=9)), outside);
        }
        for ratio in [(0, 0), (1, 3), (49, 100), (1, 1), (2, 1)] {
            assert_eq!(error(aimd().with_backoff(ratio)), Some(LimitError::Backoff));
        }
        for ratio in [(1, 2), (99, 100), (u32::MAX - 1, u32::MAX)] {
            assert_eq!(error(aimd().with_backoff(ratio)), None);
        }
        assert_eq!(
            error(aimd().with_timeout(Duration::ZERO)),
            Some(LimitError::ZeroTimeout)
        );
    }
}
