use std::time::Duration;

use paceline_backoff::{
    Decision, Delay, Failure, FailureKind, Jitter, RetryPolicy, StatelessJitter,
};
use paceline_core::{Rng, Timestamp};

use crate::model::unit;

/// How clients of the experiment sleep.
#[derive(Debug)]
pub(super) enum Policy {
    /// As the crate that production uses decides.
    Ours(RetryPolicy),
    /// The decorrelated walk of the experiment, which is cut off at the cap, and never starts anew.
    Decorrelated(Walk),
}

/// A walk between a base and three times the last step, cut off at a cap.
///
/// This puts up to 43 % of all sleeps exactly at the cap. The crate's own decorrelated delay draws up to the
/// cap instead, and so has no part in this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) base_ms: f64,
    pub(super) cap_ms: f64,
}

impl Walk {
    /// The step after one of `last_ms`, from a number in [0, 1).
    pub(super) fn step(self, last_ms: f64, unit: f64) -> f64 {
        let drawn = self.base_ms + unit * (3.0 * last_ms - self.base_ms);
        drawn.min(self.cap_ms)
    }
}

impl Policy {
    /// The five of the experiment, in its order.
    pub(super) fn all() -> [(&'static str, Self); 5] {
        let growing = |jitter| {
            let (first, cap) = (Duration::from_millis(10), Duration::from_secs(2));
            let delay = Delay::exponential(first, (2, 1), cap);
            Self::always(delay.expect("the cap is above the first delay"), jitter)
        };
        [
            (
                "none",
                Self::always(Delay::constant(Duration::ZERO), Jitter::NONE),
            ),
            ("exponential", growing(Jitter::NONE)),
            ("equal jitter", growing(Jitter::EQUAL)),
            ("full jitter", growing(Jitter::FULL)),
            (
                "decorrelated, clamped",
                Self::Decorrelated(Walk {
                    base_ms: 5.0,
                    cap_ms: 2_000.0,
                }),
            ),
        ]
    }

    fn always(delay: Delay, jitter: Jitter) -> Self {
        Self::Ours(RetryPolicy::new(delay, jitter).with_retries(0, u32::MAX))
    }
}

/// What one client remembers of its failures.
#[derive(Debug)]
pub(super) struct Sleeper {
    number: u64,
    jitter: StatelessJitter,
    failures: u32,
    /// The last step of a walk.
    last_ms: f64,
}

impl Sleeper {
    pub(super) fn new(number: u32, jitter: u64) -> Self {
        Self {
            number: u64::from(number),
            jitter: StatelessJitter::new(jitter),
            failures: 0,
            last_ms: 0.0,
        }
    }

    /// How long to sleep after a failure.
    pub(super) fn sleep(&mut self, now: Timestamp, policy: &Policy) -> Duration {
        self.failures += 1;
        let mut rng = self.jitter.rng(self.number, self.failures);
        match policy {
            Policy::Ours(policy) => {
                let failure = Failure {
                    errors: self.failures,
                    ..Failure::first(FailureKind::Error, Timestamp::EPOCH)
                };
                match policy.decide(&failure, now, &mut rng) {
                    Decision::Retry(sleep) => sleep,
                    Decision::GiveUp { .. } => unreachable!("these policies never give up"),
                }
            }
            Policy::Decorrelated(walk) => {
                let last_ms = self.last_ms.max(walk.base_ms);
                self.last_ms = walk.step(last_ms, unit(rng.next_u64()));
                Duration::from_secs_f64(self.last_ms / 1e3)
            }
        }
    }
}
