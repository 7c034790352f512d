use paceline_core::Timestamp;

use crate::{FailureKind, RetryBudget};

/// A store of tokens that retries cost and successes earn, as in the AWS SDKs.
///
/// A success at the first try earns one token; a success after a retry returns what its last retry
/// cost. Time plays no part.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{FailureKind, RetryBudget, TokenQuota};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::EPOCH;
/// let mut quota = TokenQuota::aws(14);
/// assert!(quota.try_retry(now, FailureKind::Error));
/// assert!(!quota.try_retry(now, FailureKind::Throttled));
/// quota.success(now, Some(FailureKind::Error));
/// assert!(quota.try_retry(now, FailureKind::Throttled));
/// ```
#[derive(Clone, Debug)]
pub struct TokenQuota {
    tokens: u32,
    capacity: u32,
    throttle_cost: u32,
    error_cost: u32,
}

impl TokenQuota {
    /// Makes a quota that holds `initial` tokens, or its capacity if that is less.
    pub const fn new(capacity: u32, throttle_cost: u32, error_cost: u32, initial: u32) -> Self {
        Self {
            tokens: if initial < capacity {
                initial
            } else {
                capacity
            },
            capacity,
            throttle_cost,
            error_cost,
        }
    }

    /// The quota of the AWS SDKs: 500 tokens, 5 for a retry after throttling, 14 after errors.
    ///
    /// They start full. With many short-lived clients that means hardly any bound, so how full to
    /// start is for the caller to say. Source: retry mode 2.1 in aws-smithy-runtime 1.16.2, read
    /// 2026-11-24.
    pub const fn aws(initial: u32) -> Self {
        Self::new(500, 5, 14, initial)
    }

    const fn cost(&self, after: FailureKind) -> u32 {
        match after {
            FailureKind::Throttled => self.throttle_cost,
            FailureKind::Error => self.error_cost,
        }
    }
}

impl RetryBudget for TokenQuota {
    fn first_call(&mut self, _now: Timestamp) {}

    fn try_retry(&mut self, _now: Timestamp, after: FailureKind) -> bool {
        match self.tokens.checked_sub(self.cost(after)) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    fn success(&mut self, _now: Timestamp, last_retry: Option<FailureKind>) {
        let earned = last_retry.map_or(1, |after| self.cost(after));
        self.tokens = self.tokens.saturating_add(earned).min(self.capacity);
    }
}
