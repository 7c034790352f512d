use std::time::Duration;

use paceline_core::{Restore, Timestamp};
use proptest::{prelude::*, test_runner::TestCaseResult};

use crate::{Schedule, schedule::Clocks};

/// Checks the promises of [`Restore`] on random schedules.
///
/// Restoring what was charged at the same time undoes the charge; restoring anything makes nothing
/// stricter, and never makes more available than a fresh limiter has.
///
/// # Panics
///
/// Panics with a minimal schedule if a promise is broken.
#[track_caller]
pub fn restores<L: Restore + Clone>(schedule: Schedule, make: impl Fn() -> L) {
    schedule.for_all(|steps| {
        let (mut limiter, mut clocks) = (make(), Clocks::default());
        let full = limiter.available(Timestamp::MAX);
        for (index, step) in steps.iter().enumerate() {
            let now = clocks.step(step);
            let mut undone = limiter.clone();
            undone.charge(now, step.cost);
            undone.restore(now, step.cost);
            same(&undone, &limiter, clocks.latest, schedule.longest_wait)?;

            if index % 3 == 2 {
                let before = limiter.clone();
                limiter.restore(now, step.cost);
                for at in later(clocks.latest, schedule.longest_wait) {
                    let held = limiter.available(at);
                    prop_assert!(held >= before.available(at), "restoring took cells");
                    prop_assert!(held <= full, "more than a burst");
                }
                // A lagging reading of the clock finds no second burst.
                let held = limiter.available(now);
                limiter.charge(now, held);
                let gained = limiter.available(now);
                prop_assert!(gained == 0 || gained == u64::MAX, "a second burst");
            } else {
                limiter.charge(now, step.cost);
            }
        }
        Ok(())
    });
}

fn same(
    one: &impl Restore,
    other: &impl Restore,
    latest: Timestamp,
    longest_wait: Duration,
) -> TestCaseResult {
    for at in later(latest, longest_wait) {
        let (one, other) = (one.available(at), other.available(at));
        prop_assert_eq!(one, other, "a charge was not undone");
    }
    Ok(())
}

fn later(latest: Timestamp, longest_wait: Duration) -> [Timestamp; 3] {
    [0, 1, 7].map(|part| latest.saturating_add(longest_wait / 7 * part))
}
