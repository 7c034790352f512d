use std::time::Duration;

use paceline_core::{Denied, Limiter, Timestamp};
use proptest::{prelude::*, test_runner::TestCaseResult};

use crate::{
    Schedule,
    schedule::{Clocks, Step},
};

/// Checks every law of [`Limiter`] on random schedules.
///
/// The limiter is charged with what it admits and, every fifth call, with what it denied, so that
/// debts are covered.
///
/// # Panics
///
/// Panics with a minimal schedule if a law is broken.
#[track_caller]
pub fn obeys<L: Limiter + Clone>(schedule: Schedule, make: impl Fn() -> L) {
    schedule.for_all(|steps| law_abiding(make(), steps, schedule.longest_wait));
}

fn law_abiding(
    mut limiter: impl Limiter + Clone,
    steps: &[Step],
    longest_wait: Duration,
) -> TestCaseResult {
    let mut clocks = Clocks::default();
    for (index, step) in steps.iter().enumerate() {
        let now = clocks.step(step);
        let latest = clocks.latest;
        let before = limiter.available(latest);
        prop_assert!(
            limiter.available(now) <= before,
            "a lagging clock freed cells"
        );

        let cost = step.cost;
        let answer = limiter.check(now, cost);
        let fits = cost == 0 || cost <= limiter.available(now);
        prop_assert_eq!(answer.is_ok(), fits, "agreement at {:?}", now);
        largest_cost_conforms(&limiter, now)?;

        match answer {
            Ok(()) => patient(&limiter, now, cost, longest_wait)?,
            Err(denied) => {
                punctual(&limiter, now, cost, denied)?;
                refusal_is_free(&limiter, latest, now, cost)?;
            }
        }
        if answer.is_ok() || index % 5 == 0 {
            limiter.charge(now, cost);
            prop_assert!(limiter.available(latest) <= before, "a charge freed cells");
            let punctual = now == latest;
            let must_fall = punctual && cost > 0 && before > 0 && before < u64::MAX;
            let fell = limiter.available(latest) < before;
            prop_assert!(fell || !must_fall, "a charge of {} cost nothing", cost);
        }
    }
    Ok(())
}

/// Agreement at the boundary: what is available conforms, one more does not.
fn largest_cost_conforms(limiter: &impl Limiter, now: Timestamp) -> TestCaseResult {
    prop_assert_eq!(limiter.check(now, 0), Ok(()), "a cost of zero");
    let available = limiter.available(now);
    prop_assert_eq!(
        limiter.check(now, available),
        Ok(()),
        "all that is available"
    );
    if let Some(more) = available.checked_add(1) {
        prop_assert!(limiter.check(now, more).is_err(), "more than is available");
    }
    Ok(())
}

fn patient(
    limiter: &impl Limiter,
    now: Timestamp,
    cost: u64,
    longest_wait: Duration,
) -> TestCaseResult {
    for wait in [Duration::from_nanos(1), longest_wait / 3, longest_wait] {
        let later = now.saturating_add(wait);
        prop_assert_eq!(
            limiter.check(later, cost),
            Ok(()),
            "patience for {:?}",
            wait
        );
    }
    Ok(())
}

fn punctual(limiter: &impl Limiter, now: Timestamp, cost: u64, denied: Denied) -> TestCaseResult {
    match denied {
        // Saturated: never, as far as the timeline reaches.
        Denied::Until(Timestamp::MAX) => {}
        Denied::Until(at) => {
            prop_assert!(at > now, "a refusal until {:?}, which has passed", at);
            let just_before = Timestamp::from_nanos(at.as_nanos() - 1);
            prop_assert!(
                limiter.check(just_before, cost).is_err(),
                "retry_at is late"
            );
            prop_assert_eq!(limiter.check(at, cost), Ok(()), "retry_at is early");
        }
        Denied::TooLarge { max } => {
            prop_assert!(cost > max, "{} is too large for {}", cost, max);
            let within = limiter.check(now, max);
            prop_assert!(
                !matches!(within, Err(Denied::TooLarge { .. })),
                "the stated maximum is itself too large"
            );
        }
    }
    Ok(())
}

fn refusal_is_free(
    limiter: &(impl Limiter + Clone),
    latest: Timestamp,
    now: Timestamp,
    cost: u64,
) -> TestCaseResult {
    let mut asked = limiter.clone();
    prop_assert_eq!(asked.try_acquire(now, cost), limiter.check(now, cost));
    for at in [
        now,
        latest,
        latest.saturating_add(Duration::from_millis(700)),
    ] {
        prop_assert_eq!(
            asked.available(at),
            limiter.available(at),
            "a refusal changed it"
        );
    }
    Ok(())
}
