use paceline_core::Timestamp;

use crate::{BackoffError, FailureKind, RetryBudget};

/// Tokens that failures take and successes earn, as in gRPC: no retries while half of them or more are gone.
///
/// Retries themselves cost nothing, so a few failures among many successes are all retried, and a server that
/// fails altogether is left alone after half as many failures as there are tokens. Time plays no part.
///
/// Source: retry throttling in gRPC proposal A6, read 2026-11-27.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{FailureKind, GrpcThrottle, RetryBudget};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::EPOCH;
/// // Ten tokens, and a tenth of one for each success.
/// let mut throttle = GrpcThrottle::new(10, 100)?;
/// for _ in 0..4 {
///     throttle.failure(now, FailureKind::Error);
///     assert!(throttle.try_retry(now, FailureKind::Error));
/// }
/// throttle.failure(now, FailureKind::Error);
/// assert!(!throttle.try_retry(now, FailureKind::Error));
/// throttle.success(now, None);
/// assert!(throttle.try_retry(now, FailureKind::Error));
/// # Ok::<(), paceline_backoff::BackoffError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GrpcThrottle {
    /// In thousandths of a token, as the most that it holds.
    tokens: u32,
    most: u32,
    per_success: u32,
}

/// The parts of a token, and the most tokens that gRPC allows.
const PARTS: u32 = 1_000;

impl GrpcThrottle {
    /// Makes a full one of so many tokens, of which a success earns so many thousandths.
    ///
    /// # Errors
    ///
    /// Fails unless `tokens` are from 1 to 1000 and `thousandths_per_success` above 0.
    pub const fn new(tokens: u32, thousandths_per_success: u32) -> Result<Self, BackoffError> {
        if tokens == 0 || tokens > 1_000 || thousandths_per_success == 0 {
            return Err(BackoffError::Tokens);
        }
        let most = tokens * PARTS;
        Ok(Self {
            tokens: most,
            most,
            per_success: thousandths_per_success,
        })
    }
}

impl RetryBudget for GrpcThrottle {
    fn first_call(&mut self, _now: Timestamp) {}

    fn failure(&mut self, _now: Timestamp, _kind: FailureKind) {
        self.tokens = self.tokens.saturating_sub(PARTS);
    }

    fn try_retry(&mut self, _now: Timestamp, _after: FailureKind) -> bool {
        self.tokens > self.most / 2
    }

    fn success(&mut self, _now: Timestamp, _last_retry: Option<FailureKind>) {
        self.tokens = self.tokens.saturating_add(self.per_success).min(self.most);
    }
}
