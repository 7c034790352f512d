use paceline_core::Limiter;
use proptest::prelude::*;

use crate::{Schedule, schedule::Clocks};

/// Checks that two limiters give the same answers, to the nanosecond, and hold the same cells.
///
/// The clock does not lag here: limiters differ in how strict a lag makes them.
///
/// # Panics
///
/// Panics with a minimal schedule on which they differ.
#[track_caller]
pub fn equivalent<A: Limiter, B: Limiter>(
    schedule: Schedule,
    first: impl Fn() -> A,
    second: impl Fn() -> B,
) {
    schedule.punctual().for_all(|steps| {
        let (mut first, mut second, mut clocks) = (first(), second(), Clocks::default());
        for (index, step) in steps.iter().enumerate() {
            let now = clocks.step(step);
            prop_assert_eq!(first.available(now), second.available(now), "at {:?}", now);
            let answer = first.check(now, step.cost);
            prop_assert_eq!(answer, second.check(now, step.cost), "at {:?}", now);
            if answer.is_ok() || index % 5 == 0 {
                first.charge(now, step.cost);
                second.charge(now, step.cost);
            }
        }
        Ok(())
    });
}
