use paceline_core::{Limiter, Quota, Timestamp};
use proptest::prelude::*;

use crate::{Schedule, schedule::Clocks};

/// Checks that changing the quota at run time never hands out a fresh burst.
///
/// At random moments the quota becomes another of `quotas`, set by `set`. What was spent must stay
/// spent: setting the quota that is already in force changes nothing, going to another and back
/// frees nothing, and right after a change no more is available than the larger of what was there
/// and the growth of the limit leaves room for. The clock does not lag here.
///
/// # Panics
///
/// Panics with a minimal schedule on which a change freed cells, and if `quotas` is empty.
#[track_caller]
pub fn quota_change_is_strict<L: Limiter + Clone>(
    schedule: Schedule,
    make: impl Fn() -> L,
    quotas: &[Quota],
    set: impl Fn(&mut L, Timestamp, Quota),
) {
    schedule.punctual().for_all(|steps| {
        let (mut limiter, mut clocks) = (make(), Clocks::default());
        let mut current = quotas[0];
        set(&mut limiter, clocks.latest, current);
        for (index, step) in steps.iter().enumerate() {
            let now = clocks.step(step);
            let before = limiter.available(now);

            let mut same = limiter.clone();
            set(&mut same, now, current);
            prop_assert_eq!(same.available(now), before, "no change is a change");

            for &other in quotas {
                let mut there = limiter.clone();
                set(&mut there, now, other);
                let growth = match capacity(other) {
                    u64::MAX => u64::MAX,
                    most => most.saturating_sub(capacity(current)),
                };
                prop_assert!(
                    there.available(now) <= before.saturating_add(growth),
                    "a fresh burst on the way from {:?} to {:?}",
                    current,
                    other
                );
                set(&mut there, now, current);
                prop_assert!(
                    there.available(now) <= before,
                    "{:?} to {:?} and back freed cells",
                    current,
                    other
                );
            }
            if limiter.check(now, step.cost).is_ok() {
                limiter.charge(now, step.cost);
            }
            if index % 3 == 2 {
                current = quotas[index / 3 % quotas.len()];
                set(&mut limiter, now, current);
            }
        }
        Ok(())
    });
}

/// The most cells that the quota can ever make available at once.
fn capacity(quota: Quota) -> u64 {
    quota.limit().max(quota.burst())
}
