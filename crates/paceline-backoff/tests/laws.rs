//! What holds for every policy, as property tests.

use std::time::Duration;

use paceline_backoff::{
    Decision, Delay, Failure, FailureKind, HintPolicy, HintUse, Jitter, RatioBudget, Reason,
    RetryBudget, RetryPolicy, StatelessJitter, TokenQuota,
};
use paceline_core::{Rng, SplitMix64, Timestamp};
use proptest::{collection::vec, prelude::*};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0..200_000_000_000_u64).prop_map(Duration::from_nanos),
        1 => any::<u64>().prop_map(Duration::from_nanos),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ]
}

fn delay() -> impl Strategy<Value = Delay> {
    let factor = (1..2_000_u32, 1..=1_000_u32).prop_map(|(n, d)| (n.max(d), d));
    prop_oneof![
        duration().prop_map(Delay::constant),
        (duration(), duration(), duration()).prop_map(|(a, step, b)| Delay::linear(
            a.min(b),
            step,
            a.max(b)
        )
        .expect("first <= cap")),
        (duration(), factor, duration()).prop_map(|(a, factor, b)| {
            Delay::exponential(a.min(b), factor, a.max(b)).expect("first <= cap, factor >= 1")
        }),
        (duration(), duration())
            .prop_map(|(a, b)| Delay::fibonacci(a.min(b), a.max(b)).expect("first <= cap")),
        (duration(), duration())
            .prop_map(|(a, b)| Delay::decorrelated(a.min(b), a.max(b)).expect("first <= cap")),
        vec(duration(), 1..5).prop_map(|list| Delay::schedule(list).expect("not empty")),
    ]
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::NONE),
        Just(Jitter::FULL),
        Just(Jitter::EQUAL),
        (0..=100_u32).prop_map(|p| Jitter::proportional(p).expect("at most 100")),
        (0..=100_u32).prop_map(|p| Jitter::down(p).expect("at most 100")),
        duration().prop_map(Jitter::add),
    ]
}

fn retry() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..40_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn kind() -> impl Strategy<Value = FailureKind> {
    prop_oneof![Just(FailureKind::Throttled), Just(FailureKind::Error)]
}

/// A failure after `retry` earlier ones of the same kind.
fn nth(kind: FailureKind, retry: u32) -> Failure {
    let count = retry.saturating_add(1);
    let mut failure = Failure::first(kind, Timestamp::EPOCH);
    match kind {
        FailureKind::Throttled => failure.throttled = count,
        FailureKind::Error => failure.errors = count,
    }
    failure
}

fn unlimited(delay: Delay, jitter: Jitter) -> RetryPolicy {
    RetryPolicy::new(delay, jitter)
        .with_retries(u32::MAX, u32::MAX)
        .with_hints(HintUse::Floor, HintPolicy::Honour)
}

fn delay_of(decision: Decision) -> Duration {
    match decision {
        Decision::Retry(delay) => delay,
        Decision::GiveUp { reason, .. } => panic!("gave up: {reason:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn every_delay_lies_within_its_bounds_and_its_cap(
        delay in delay(), jitter in jitter(), retry in retry(), kind in kind(), seed: u64,
    ) {
        let cap = delay.cap();
        let policy = unlimited(delay, jitter);
        let (least, most) = policy.bounds(retry);
        prop_assert!(most <= cap, "the bound {most:?} exceeds the cap {cap:?}");
        let mut rng = SplitMix64::new(seed);
        let drawn = delay_of(policy.decide(&nth(kind, retry), Timestamp::EPOCH, &mut rng));
        prop_assert!((least..=most).contains(&drawn), "{drawn:?} outside {least:?}..={most:?}");
    }

    #[test]
    fn growing_delays_never_shrink(a in duration(), b in duration(), step in duration(), retry in 0..200_u32) {
        let (first, cap) = (a.min(b), a.max(b));
        for delay in [
            Delay::linear(first, step, cap),
            Delay::exponential(first, (3, 2), cap),
            Delay::exponential(first, (1_001, 1_000), cap),
            Delay::fibonacci(first, cap),
        ] {
            let delay = delay.expect("first <= cap");
            prop_assert!(delay.nominal(retry) <= delay.nominal(retry + 1));
        }
    }

    #[test]
    fn a_delay_never_undercuts_the_hint(
        delay in delay(), jitter in jitter(), retry in retry(), hint in duration(), seed: u64,
    ) {
        let policy = unlimited(delay, jitter);
        let failure = Failure { hint: Some(hint), ..nth(FailureKind::Throttled, retry) };
        let drawn = policy.decide(&failure, Timestamp::EPOCH, &mut SplitMix64::new(seed));
        // Beyond 584 years a delay saturates.
        prop_assert!(delay_of(drawn) >= hint.min(Duration::from_nanos(u64::MAX)));
    }

    #[test]
    fn no_hint_bypasses_a_limit(
        delay in delay(), jitter in jitter(), kind in kind(), hint in duration(),
        throttle_retries in 0..6_u32, error_retries in 0..6_u32, seed: u64,
    ) {
        let policy = unlimited(delay, jitter).with_retries(throttle_retries, error_retries);
        let allowed = match kind {
            FailureKind::Throttled => throttle_retries,
            FailureKind::Error => error_retries,
        };
        let mut rng = SplitMix64::new(seed);
        for retry in 0..8 {
            let failure = Failure { hint: Some(hint), ..nth(kind, retry) };
            match policy.decide(&failure, Timestamp::EPOCH, &mut rng) {
                Decision::Retry(_) => prop_assert!(retry < allowed),
                Decision::GiveUp { reason, .. } => {
                    prop_assert_eq!(reason, Reason::Attempts);
                    prop_assert!(retry >= allowed);
                }
            }
        }
    }

    #[test]
    fn no_retry_begins_at_the_deadline_or_too_late(
        delay in delay(), jitter in jitter(), hint in proptest::option::of(duration()),
        first_call in 0..1_000_u64, now in 0..400_u64, deadline in 0..2_000_u64, elapsed in 0..2_000_u64, seed: u64,
    ) {
        let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
        let policy = unlimited(delay, jitter).with_max_elapsed(Duration::from_secs(elapsed));
        let failure = Failure {
            hint,
            deadline: Some(second(deadline)),
            first_call_at: second(first_call),
            ..nth(FailureKind::Throttled, 3)
        };
        let now = second(first_call + now);
        match policy.decide(&failure, now, &mut SplitMix64::new(seed)) {
            Decision::Retry(delay) => {
                let begins = now.saturating_add(delay);
                prop_assert!(begins < second(deadline));
                let after = begins.saturating_duration_since(second(first_call));
                prop_assert!(after <= Duration::from_secs(elapsed));
            }
            Decision::GiveUp { reason, retry_at } => {
                prop_assert!(matches!(reason, Reason::Deadline | Reason::Elapsed));
                let begins = retry_at.expect("a delay was computed");
                let after = begins.saturating_duration_since(second(first_call));
                prop_assert!(begins >= second(deadline) || after > Duration::from_secs(elapsed));
            }
        }
    }

    /// At a failure rate of 100 %, no first call succeeds and every retry asks for another.
    #[test]
    fn a_ratio_budget_bounds_the_load(
        numerator in 0..=10_u32, floor in 0..4_u32, initial in 0..20_u32, gaps in vec(0..3_000_u64, 1..300),
    ) {
        let budget = RatioBudget::new((numerator, 10), floor, 1_000_000).expect("at most 1");
        let mut budget = budget.with_initial(initial);
        let (mut millis, mut retries) = (1_000_000, 0_u64);
        let start = millis;
        for (first_calls, gap) in (1_u64..).zip(gaps) {
            millis += gap;
            let now = Timestamp::from_nanos(millis * 1_000_000);
            budget.first_call(now);
            while budget.try_retry(now, FailureKind::Error) {
                retries += 1;
            }
            let by_time = u64::from(floor) * (millis - start + 1_000);
            let most = 1_000 * u64::from(initial) + 100 * u64::from(numerator) * first_calls + by_time;
            prop_assert!(1_000 * retries <= most, "{retries} retries, thousandths allowed: {most}");
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

    #[test]
    fn stateless_jitter_does_not_depend_on_order(seed: u64, calls in vec((any::<u64>(), any::<u32>()), 1..20)) {
        let jitter = StatelessJitter::new(seed);
        let draw = |&(request, attempt): &(u64, u32)| jitter.rng(request, attempt).next_u64();
        let forward: Vec<_> = calls.iter().map(draw).collect();
        let mut backward: Vec<_> = calls.iter().rev().map(draw).collect();
        backward.reverse();
        prop_assert_eq!(forward, backward);
    }
}

/// Means of uniform draws, within five standard errors; the seeds are fixed, so nothing is flaky.
#[test]
fn jitter_has_the_mean_of_its_range() {
    let second = Duration::from_secs(1);
    let draws = 20_000_u32;
    for (jitter, least, most) in [
        (Jitter::FULL, 0.0, 1.0),
        (Jitter::EQUAL, 0.5, 1.0),
        (Jitter::down(25).expect("at most 100"), 0.75, 1.0),
        (Jitter::proportional(20).expect("at most 100"), 0.8, 1.2),
        (Jitter::add(second), 1.0, 2.0),
    ] {
        let policy = unlimited(Delay::constant(second), jitter);
        let mut rng = SplitMix64::new(42);
        let sum: f64 = (0..draws)
            .map(|_| policy.decide(&nth(FailureKind::Error, 0), Timestamp::EPOCH, &mut rng))
            .map(|decision| delay_of(decision).as_secs_f64())
            .sum();
        let mean = sum / f64::from(draws);
        // A uniform distribution has the standard deviation width / sqrt(12).
        let standard_error = (most - least) / 12_f64.sqrt() / f64::from(draws).sqrt();
        let expected = f64::midpoint(least, most);
        assert!(
            (mean - expected).abs() < 5.0 * standard_error,
            "{jitter:?}: {mean} instead of {expected}"
        );
    }
}

/// The two SDKs wait 0.875 * (0.5 + 1) = 1.3125 s on average, all retries together.
#[test]
fn the_sdk_default_cannot_outlast_a_minute() {
    let policy = RetryPolicy::openai_sdk().expect("its constants are legal");
    let trials = 20_000_u32;
    let jitter = StatelessJitter::new(3);
    let total: f64 = (0..trials)
        .map(|request| {
            let delays = (0..2).map(|retry| {
                let failure = nth(FailureKind::Throttled, retry);
                let mut rng = jitter.rng(u64::from(request), retry);
                delay_of(policy.decide(&failure, Timestamp::EPOCH, &mut rng)).as_secs_f64()
            });
            delays.sum::<f64>()
        })
        .sum();
    let mean = total / f64::from(trials);
    // Widths 0.125 and 0.25 s.
    let variance = (0.125_f64.powi(2) + 0.25_f64.powi(2)) / 12.0;
    let standard_error = (variance / f64::from(trials)).sqrt();
    assert!((mean - 1.3125).abs() < 5.0 * standard_error, "{mean}");
    let (_, longest) = policy.bounds(1);
    assert_eq!(longest, Duration::from_secs(1));
}
