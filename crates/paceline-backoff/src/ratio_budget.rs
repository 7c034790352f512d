use core::time::Duration;

use paceline_core::Timestamp;

use crate::{BackoffError, FailureKind, RetryBudget, recent::Recent};

/// Retries as a share of first calls, and a few a second besides.
///
/// Every first call earns `ratio` of a retry, exactly: 1000 first calls at a ratio of 3/10 earn 300
/// retries. What was earned and not spent is kept up to a maximum, and if one was set, for a
/// [time to live](Self::with_time_to_live). The floor keeps a client that calls rarely able to retry
/// at all; it accrues steadily from the first call on and is kept for at most a second.
///
/// In the `t` seconds since the first call, retries number at most `initial + ratio * first calls +
/// floor * t`. Where the clock has its origin plays no part.
///
/// Source: the retry budget of Finagle (commit 4feb34cb9), which has a ratio of 1/5, a floor of 10 a
/// second and a time to live of 10 s, and starts with 10 s of the floor. There a maximum is missing.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{FailureKind, RatioBudget, RetryBudget};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::EPOCH;
/// let mut budget = RatioBudget::new((1, 5), 0, 100)?;
/// for _ in 0..5 {
///     budget.first_call(now);
/// }
/// assert!(budget.try_retry(now, FailureKind::Error));
/// assert!(!budget.try_retry(now, FailureKind::Error));
/// # Ok::<(), paceline_backoff::BackoffError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RatioBudget {
    /// Retries per first call, as a fraction.
    ratio: (u32, u32),
    /// In parts of `1 / ratio.1` retries.
    earned: Recent,
    /// The most that is kept, in the same parts.
    most: u64,
    floor_per_s: u32,
    /// What is left of the floor, in billionths of a retry.
    floor: u64,
    /// The first and the latest time seen.
    seen: Option<(Timestamp, Timestamp)>,
}

const BILLION: u64 = 1_000_000_000;

impl RatioBudget {
    /// Makes a budget that has earned nothing yet and keeps at most `most` retries.
    ///
    /// # Errors
    ///
    /// Fails if `ratio` exceeds 1 or its denominator is zero.
    pub const fn new(ratio: (u32, u32), floor_per_s: u32, most: u32) -> Result<Self, BackoffError> {
        if ratio.1 == 0 || ratio.0 > ratio.1 {
            return Err(BackoffError::Ratio);
        }
        Ok(Self {
            ratio,
            earned: Recent::new(),
            // Below 2^32 times below 2^32 cannot overflow.
            most: most as u64 * ratio.1 as u64,
            floor_per_s,
            floor: 0,
            seen: None,
        })
    }

    /// Starts with some retries, up to the most that it keeps.
    ///
    /// They count as earned at the first call.
    #[must_use]
    pub fn with_initial(mut self, retries: u32) -> Self {
        let parts = u64::from(retries) * u64::from(self.ratio.1);
        self.earned.add(parts, self.most);
        self
    }

    /// Sets how long what was earned is kept, from nine tenths of this time to all of it.
    ///
    /// Without it, a quiet night leaves a full budget to whatever fails in the morning.
    #[must_use]
    pub const fn with_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.earned = self.earned.expiring_after(time_to_live);
        self
    }

    fn advance(&mut self, now: Timestamp) {
        let (first, latest) = self.seen.unwrap_or((now, now));
        let elapsed = now.saturating_duration_since(latest).as_nanos();
        let gain = elapsed.saturating_mul(u128::from(self.floor_per_s));
        let gain = u64::try_from(gain).unwrap_or(u64::MAX);
        let most = u64::from(self.floor_per_s) * BILLION;
        self.floor = self.floor.saturating_add(gain).min(most);
        self.earned.expire(first, now);
        self.seen = Some((first, latest.max(now)));
    }
}

impl RetryBudget for RatioBudget {
    fn first_call(&mut self, now: Timestamp) {
        self.advance(now);
        self.earned.add(u64::from(self.ratio.0), self.most);
    }

    fn try_retry(&mut self, now: Timestamp, _after: FailureKind) -> bool {
        self.advance(now);
        if self.earned.take(u64::from(self.ratio.1)) {
            return true;
        }
        match self.floor.checked_sub(BILLION) {
            Some(left) => {
                self.floor = left;
                true
            }
            None => false,
        }
    }

    fn success(&mut self, _now: Timestamp, _last_retry: Option<FailureKind>) {}
}
