//! Failures and loops that several tests share.

use std::time::Duration;

use paceline_backoff::{Decision, Failure, FailureKind, Reason, RetryPolicy};
use paceline_core::{SplitMix64, Timestamp};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The failure after so many refusals.
pub(crate) fn throttled(times: u32) -> Failure {
    Failure {
        throttled: times,
        ..Failure::first(FailureKind::Throttled, Timestamp::EPOCH)
    }
}

/// Calls until the policy gives up, always refused with this hint; returns calls and time slept.
pub(crate) fn refused_forever(
    policy: &RetryPolicy,
    hint: Option<Duration>,
) -> (u32, Duration, Reason) {
    let (mut now, mut rng) = (Timestamp::EPOCH, SplitMix64::new(1));
    for calls in 1..10_000 {
        let failure = Failure {
            hint,
            ..throttled(calls)
        };
        match policy.decide(&failure, now, &mut rng) {
            Decision::Retry(delay) => now = now.saturating_add(delay),
            Decision::GiveUp { reason, .. } => {
                return (
                    calls,
                    now.saturating_duration_since(Timestamp::EPOCH),
                    reason,
                );
            }
        }
    }
    panic!("never gave up");
}
