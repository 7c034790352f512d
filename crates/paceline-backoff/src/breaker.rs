use core::time::Duration;

use paceline_core::Timestamp;

use crate::{BackoffError, FailureKind, RetryBudget, recent::Recent};

/// No retries while failed calls number more than a share of the first calls.
///
/// Below that share every failure is retried, and above it none, so that a server that fails for a tenth of
/// its callers may be left without any retry at the wrong moment; a [`RatioBudget`](crate::RatioBudget) bounds
/// the load alike and has no such edge. Failed retries count too.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{FailureKind, RetryBreaker, RetryBudget};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::EPOCH;
/// let mut breaker = RetryBreaker::new((1, 10))?;
/// for _ in 0..10 {
///     breaker.first_call(now);
/// }
/// breaker.failure(now, FailureKind::Error);
/// assert!(breaker.try_retry(now, FailureKind::Error));
/// breaker.failure(now, FailureKind::Error);
/// assert!(!breaker.try_retry(now, FailureKind::Error));
/// # Ok::<(), paceline_backoff::BackoffError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RetryBreaker {
    /// Failures per first call.
    ratio: (u32, u32),
    first_calls: Recent,
    failures: Recent,
    /// The first time seen.
    started_at: Option<Timestamp>,
}

impl RetryBreaker {
    /// Makes a breaker that lets retries pass up to this share of failures, and never forgets.
    ///
    /// # Errors
    ///
    /// Fails if `ratio` exceeds 1 or its denominator is zero.
    pub const fn new(ratio: (u32, u32)) -> Result<Self, BackoffError> {
        if ratio.1 == 0 || ratio.0 > ratio.1 {
            return Err(BackoffError::Ratio);
        }
        Ok(Self {
            ratio,
            first_calls: Recent::new(),
            failures: Recent::new(),
            started_at: None,
        })
    }

    /// Counts only what happened within this time, or nine tenths of it.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.first_calls = self.first_calls.expiring_after(window);
        self.failures = self.failures.expiring_after(window);
        self
    }

    fn advance(&mut self, now: Timestamp) {
        let started_at = *self.started_at.get_or_insert(now);
        self.first_calls.expire(started_at, now);
        self.failures.expire(started_at, now);
    }
}

impl RetryBudget for RetryBreaker {
    fn first_call(&mut self, now: Timestamp) {
        self.advance(now);
        self.first_calls.add(1, u64::MAX);
    }

    fn failure(&mut self, now: Timestamp, _kind: FailureKind) {
        self.advance(now);
        self.failures.add(1, u64::MAX);
    }

    fn try_retry(&mut self, now: Timestamp, _after: FailureKind) -> bool {
        self.advance(now);
        let (share, of) = (u128::from(self.ratio.0), u128::from(self.ratio.1));
        u128::from(self.failures.sum()) * of <= u128::from(self.first_calls.sum()) * share
    }

    fn success(&mut self, _now: Timestamp, _last_retry: Option<FailureKind>) {}
}
