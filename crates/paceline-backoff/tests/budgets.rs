//! What budgets promise, as property tests.

use std::time::Duration;

use paceline_backoff::{FailureKind, RatioBudget, RetryBudget, TokenQuota};
use paceline_core::Timestamp;
use proptest::{collection::vec, prelude::*};

fn kind() -> impl Strategy<Value = FailureKind> {
    prop_oneof![Just(FailureKind::Throttled), Just(FailureKind::Error)]
}

fn millis(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// Retries until the budget refuses.
fn drain(budget: &mut RatioBudget, now: Timestamp) -> u64 {
    (0..)
        .take_while(|_| budget.try_retry(now, FailureKind::Error))
        .count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// At a failure rate of 100 %, no first call succeeds and every retry asks for another.
    #[test]
    fn a_ratio_budget_bounds_the_load(
        numerator in 0..=10_u32, floor in 0..4_u32, initial in 0..20_u32, gaps in vec(0..3_000_u64, 1..300),
    ) {
        let budget = RatioBudget::new((numerator, 10), floor, 1_000_000).expect("at most 1");
        let mut budget = budget.with_initial(initial);
        let (start, mut now, mut retries) = (1_000_000, 1_000_000, 0);
        for (first_calls, gap) in (1_u64..).zip(gaps) {
            budget.first_call(millis(now));
            retries += drain(&mut budget, millis(now));
            let by_time = u64::from(floor) * (now - start);
            let most = 1_000 * u64::from(initial) + 100 * u64::from(numerator) * first_calls + by_time;
            prop_assert!(1_000 * retries <= most, "{retries} retries, thousandths allowed: {most}");
            now += gap;
        }
    }

    /// What retries spend was there at first or was earned by successes.
    #[test]
    fn a_token_quota_never_spends_what_it_does_not_hold(
        initial in 0..600_u32, steps in vec((0..4_u8, kind()), 0..400),
    ) {
        let mut quota = TokenQuota::aws(initial);
        let (mut held, now) = (i64::from(initial.min(500)), Timestamp::EPOCH);
        let cost = |kind| if kind == FailureKind::Throttled { 5 } else { 14 };
        for (step, kind) in steps {
            match step {
                0 => {
                    quota.success(now, None);
                    held = (held + 1).min(500);
                }
                1 => {
                    quota.success(now, Some(kind));
                    held = (held + cost(kind)).min(500);
                }
                _ => {
                    let allowed = quota.try_retry(now, kind);
                    prop_assert_eq!(allowed, held >= cost(kind));
                    held -= if allowed { cost(kind) } else { 0 };
                }
            }
        }
    }

    /// A budget that never refuses what it promised: after each first call, what was earned and not
    /// spent, rounded down, can be spent.
    #[test]
    fn a_ratio_budget_gives_all_that_was_earned(
        numerator in 0..=7_u32, initial in 0..20_u32, batches in vec(0..40_u32, 1..40),
    ) {
        let budget = RatioBudget::new((numerator, 7), 0, 1_000_000).expect("at most 1");
        let mut budget = budget.with_initial(initial);
        let (mut first_calls, mut retries) = (0_u64, 0_u64);
        for batch in batches {
            for _ in 0..batch {
                budget.first_call(Timestamp::EPOCH);
            }
            first_calls += u64::from(batch);
            retries += drain(&mut budget, Timestamp::EPOCH);
            prop_assert_eq!(retries, u64::from(initial) + u64::from(numerator) * first_calls / 7);
        }
    }

    /// The same calls at the same distances get the same answers in 1970 and today.
    #[test]
    fn the_origin_of_the_clock_plays_no_part(
        floor in 0..4_u32, origin in 0..2_000_000_000_000_u64, gaps in vec((0..3_000_u64, any::<bool>()), 1..60),
    ) {
        let answers = |start: u64| -> Vec<bool> {
            let budget = RatioBudget::new((1, 3), floor, 5).expect("at most 1");
            let mut budget = budget.with_initial(1).with_time_to_live(Duration::from_secs(7));
            let mut now = start;
            let calls = gaps.iter().map(|&(gap, first)| {
                now += gap;
                if first {
                    budget.first_call(millis(now));
                }
                budget.try_retry(millis(now), FailureKind::Error)
            });
            calls.collect()
        };
        prop_assert_eq!(answers(0), answers(origin));
    }

    /// In any span, retries are earned by the first calls of that span and of one time to live before.
    #[test]
    fn what_expired_is_not_spent(
        time_to_live in 1..5_000_u64, steps in vec((0..2_000_u64, 0..4_u8, 0..4_u8), 1..80),
    ) {
        let budget = RatioBudget::new((1, 2), 0, 1_000_000).expect("at most 1");
        let mut budget = budget.with_time_to_live(Duration::from_millis(time_to_live));
        let (mut now, mut earned, mut spent) = (0, Vec::new(), Vec::new());
        for (gap, first_calls, tries) in steps {
            now += gap;
            for _ in 0..first_calls {
                budget.first_call(millis(now));
                earned.push(now);
            }
            spent.extend((0..tries).filter(|_| budget.try_retry(millis(now), FailureKind::Error)).map(|_| now));
            for &from in &spent {
                let retries = spent.iter().filter(|&&at| at >= from).count();
                let calls = earned.iter().filter(|&&at| at + time_to_live >= from).count();
                prop_assert!(2 * retries <= calls, "{} retries for {} first calls since {}", retries, calls, from);
            }
        }
    }

    /// What is younger than nine tenths of the time to live is there to be spent.
    #[test]
    fn what_has_not_expired_can_be_spent(
        start in 0..100_000_u64, later in 0..10_000_u64, time_to_live in 10..5_000_u64, age in 0..10_000_u64,
    ) {
        // Whole milliseconds to each slice, so that tenths are exact.
        let time_to_live = time_to_live * 10;
        let budget = RatioBudget::new((1, 1), 0, 10).expect("at most 1");
        let mut budget = budget.with_time_to_live(Duration::from_millis(time_to_live));
        // The slices are counted from here.
        let _ = budget.try_retry(millis(start), FailureKind::Error);
        let earned_at = start + later;
        budget.first_call(millis(earned_at));
        let age = age % (2 * time_to_live);
        let there = budget.try_retry(millis(earned_at + age), FailureKind::Error);
        if age <= time_to_live / 10 * 9 {
            prop_assert!(there);
        }
        if age >= time_to_live {
            prop_assert!(!there);
        }
    }

    /// A clock that lags earns nothing and brings back nothing that expired.
    #[test]
    fn a_lagging_clock_earns_nothing(ahead in 10_000..1_000_000_u64, back in 0..1_000_000_u64, floor in 0..5_u32) {
        let budget = RatioBudget::new((1, 1), floor, 10).expect("at most 1");
        let mut budget = budget.with_time_to_live(Duration::from_secs(10));
        budget.first_call(Timestamp::EPOCH);
        prop_assert_eq!(drain(&mut budget, millis(ahead)), u64::from(floor));
        prop_assert_eq!(drain(&mut budget, millis(ahead.saturating_sub(back))), 0);
        prop_assert_eq!(drain(&mut budget, millis(ahead)), 0);
    }
}

/// What expires first is spent first, so that a retry costs the least that it can.
#[test]
fn the_oldest_is_spent_first() {
    let budget = RatioBudget::new((1, 1), 0, 10).expect("one");
    let mut budget = budget.with_time_to_live(Duration::from_millis(1_000));
    budget.first_call(millis(0));
    budget.first_call(millis(500));
    assert!(budget.try_retry(millis(500), FailureKind::Error));
    // The first has expired; the second has not.
    assert_eq!(drain(&mut budget, millis(1_200)), 1);
}

/// However quiet the night, only so much is kept for the morning.
#[test]
fn a_budget_keeps_no_more_than_its_most() {
    let budget = RatioBudget::new((1, 2), 3, 10).expect("at most 1");
    let mut budget = budget.with_initial(u32::MAX);
    for _ in 0..1_000 {
        budget.first_call(Timestamp::EPOCH);
    }
    let years = Timestamp::from_nanos(u64::MAX);
    // Ten earned, and a second's worth of the floor.
    assert_eq!(drain(&mut budget, years), 10 + 3);
}

#[test]
fn extreme_budgets_do_not_overflow() {
    let extreme = u32::MAX;
    let budget = RatioBudget::new((extreme, extreme), extreme, extreme).expect("one");
    let mut budget = budget
        .with_initial(extreme)
        .with_time_to_live(Duration::MAX);
    budget.first_call(Timestamp::EPOCH);
    assert!(budget.try_retry(Timestamp::MAX, FailureKind::Error));

    let mut hasty = RatioBudget::new((1, 1), 0, 1)
        .expect("one")
        .with_time_to_live(Duration::ZERO);
    hasty.first_call(Timestamp::MAX);
    assert!(hasty.try_retry(Timestamp::MAX, FailureKind::Error));
}
