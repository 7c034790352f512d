use paceline_core::Timestamp;

use crate::{BackoffError, FailureKind, RetryBudget};

/// Retries as a share of first calls, and a few a second besides.
///
/// Every first call earns `ratio` of a retry, exactly: 1000 first calls at a ratio of 3/10 earn 300
/// retries. What was earned and not spent is kept up to a maximum. The floor keeps a client that
/// calls rarely able to retry at all; it accrues steadily and is kept for at most a second.
///
/// Over any time `t` in seconds, retries number at most `initial + ratio * first calls + floor * (t +
/// 1)`.
///
/// Source: the retry budget of Finagle (ratio and floor); the deposits there expire after 10 s, here
/// a maximum bounds them.
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
    /// What was earned, in parts of `1 / ratio.1` retries.
    earned: u64,
    /// The most that is kept, in the same parts.
    most: u64,
    floor_per_s: u32,
    /// What is left of the floor, in billionths of a retry.
    floor: u64,
    updated_at: Timestamp,
}

const BILLION: u64 = 1_000_000_000;

impl RatioBudget {
    /// Makes a budget that has earned nothing yet and keeps at most `most` retries.
    ///
    /// # Errors
    ///
    /// Fails if `ratio` exceeds 1 or its denominator is zero.
    pub fn new(ratio: (u32, u32), floor_per_s: u32, most: u32) -> Result<Self, BackoffError> {
        if ratio.1 == 0 || ratio.0 > ratio.1 {
            return Err(BackoffError::Ratio);
        }
        Ok(Self {
            ratio,
            earned: 0,
            most: u64::from(most) * u64::from(ratio.1),
            floor_per_s,
            floor: 0,
            updated_at: Timestamp::EPOCH,
        })
    }

    /// Starts with some retries, up to the most that it keeps.
    #[must_use]
    pub fn with_initial(self, retries: u32) -> Self {
        let earned = u64::from(retries) * u64::from(self.ratio.1);
        Self {
            earned: earned.min(self.most),
            ..self
        }
    }

    fn accrue(&mut self, now: Timestamp) {
        let elapsed = now.saturating_duration_since(self.updated_at).as_nanos();
        let most = u64::from(self.floor_per_s) * BILLION;
        let gain = elapsed.saturating_mul(u128::from(self.floor_per_s));
        let gain = u64::try_from(gain).unwrap_or(u64::MAX);
        self.floor = self.floor.saturating_add(gain).min(most);
        self.updated_at = self.updated_at.max(now);
    }
}

impl RetryBudget for RatioBudget {
    fn first_call(&mut self, _now: Timestamp) {
        let earned = self.earned.saturating_add(u64::from(self.ratio.0));
        self.earned = earned.min(self.most);
    }

    fn try_retry(&mut self, now: Timestamp, _after: FailureKind) -> bool {
        let retry = u64::from(self.ratio.1);
        if let Some(left) = self.earned.checked_sub(retry) {
            self.earned = left;
            return true;
        }
        self.accrue(now);
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
