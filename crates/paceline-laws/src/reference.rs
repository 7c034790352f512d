//! The reference model: the naive list of everything that was admitted, and when.

use paceline_core::{Limiter, Quota, Timestamp};
use proptest::prelude::*;

use crate::{Schedule, schedule::Clocks};

/// Some cells that were admitted together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Admission {
    /// When.
    pub at: Timestamp,
    /// How many cells.
    pub cost: u64,
}

/// Checks that a limiter admits exactly when `reference` says so, given all earlier admissions.
///
/// The clock does not lag here: a naive list has no notion of it.
///
/// # Panics
///
/// Panics with a minimal schedule on which they disagree.
#[track_caller]
pub fn admits_like<L: Limiter>(
    schedule: Schedule,
    make: impl Fn() -> L,
    reference: impl Fn(&[Admission], Timestamp, u64) -> bool,
) {
    schedule.punctual().for_all(|steps| {
        let (mut limiter, mut clocks, mut admitted) = (make(), Clocks::default(), Vec::new());
        for step in steps {
            let (at, cost) = (clocks.step(step), step.cost);
            let expected = cost == 0 || reference(&admitted, at, cost);
            let answer = limiter.try_acquire(at, cost);
            prop_assert_eq!(answer.is_ok(), expected, "{} cells at {:?}", cost, at);
            if answer.is_ok() {
                admitted.push(Admission { at, cost });
            }
        }
        Ok(())
    });
}

/// Checks that no interval of time holds more admitted cells than `bound` allows.
///
/// The interval is closed: `bound` gets the times of the first and of the last admission in it.
///
/// # Panics
///
/// Panics with a minimal schedule on which an interval holds more.
#[track_caller]
pub fn stays_within<L: Limiter>(
    schedule: Schedule,
    make: impl Fn() -> L,
    bound: impl Fn(Timestamp, Timestamp) -> u128,
) {
    schedule.punctual().for_all(|steps| {
        let (mut limiter, mut clocks, mut admitted) = (make(), Clocks::default(), Vec::new());
        for step in steps {
            let at = clocks.step(step);
            // Ask for the most that conforms, then for what the schedule says.
            for cost in [limiter.available(at).min(step.cost), step.cost] {
                if limiter.try_acquire(at, cost).is_ok() {
                    admitted.push(Admission { at, cost });
                }
            }
        }
        for (index, first) in admitted.iter().enumerate() {
            let mut held = 0_u128;
            for last in &admitted[index..] {
                held += u128::from(last.cost);
                let most = bound(first.at, last.at);
                prop_assert!(
                    held <= most,
                    "{} cells from {:?} to {:?}, where {} are allowed",
                    held,
                    first.at,
                    last.at,
                    most
                );
            }
        }
        Ok(())
    });
}

/// The reference for a bucket that starts full: admits if no interval that ends now would hold
/// more than the burst and what replenishes meanwhile.
///
/// Costs and limits must be below 2^32 and times below 2^60 ns, which keeps the naive sums exact.
pub fn fluid(quota: Quota) -> impl Fn(&[Admission], Timestamp, u64) -> bool {
    move |admitted, now, cost| {
        let period = u128::from(quota.period_nanos());
        let mut held = u128::from(cost);
        // The empty interval, which holds this call alone, then ever longer ones.
        let mut conforms = held <= u128::from(quota.burst());
        for earlier in admitted.iter().rev() {
            held += u128::from(earlier.cost);
            let span = now.saturating_duration_since(earlier.at).as_nanos();
            let replenished = span * u128::from(quota.limit());
            conforms &= held * period <= u128::from(quota.burst()) * period + replenished;
        }
        conforms
    }
}

/// The reference for a sliding window: admits if the last `period` would not hold more than
/// `limit` cells.
pub fn window(quota: Quota) -> impl Fn(&[Admission], Timestamp, u64) -> bool {
    move |admitted, now, cost| {
        let recent = admitted
            .iter()
            .filter(|earlier| now.saturating_duration_since(earlier.at) < quota.period());
        let held: u128 = recent.map(|earlier| u128::from(earlier.cost)).sum();
        held + u128::from(cost) <= u128::from(quota.limit())
    }
}
