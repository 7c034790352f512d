use std::time::Duration;

use crate::scenario::provider::RetryAfter;

/// What a refusal says of a wait.
pub(super) fn said(retry_after: RetryAfter, wait: Duration) -> Option<Duration> {
    match retry_after {
        RetryAfter::Exact => Some(wait),
        RetryAfter::Seconds => {
            let whole = Duration::from_secs(wait.as_secs());
            Some(if whole < wait {
                whole.saturating_add(Duration::from_secs(1))
            } else {
                whole
            })
        }
        RetryAfter::Missing => None,
        RetryAfter::Wrong { factor } => {
            let wrong = wait.as_secs_f64() * factor.get();
            Some(Duration::try_from_secs_f64(wrong).unwrap_or(Duration::MAX))
        }
    }
}
