//! What holds for every policy, as property tests.

use std::time::Duration;

use paceline_backoff::{
    Decision, Delay, Failure, FailureKind, HintPolicy, HintUse, Jitter, Reason, RetryPolicy,
    StatelessJitter,
};
use paceline_core::{Rng, SplitMix64, Timestamp};
use proptest::{collection::vec, prelude::*};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0..200_000_000_000_u64).prop_map(Duration::from_nanos),
        1 => any::<u64>().prop_map(Duration::from_nanos),
        1 => Just(Duration::ZERO),
        // More nanoseconds than 64 bits hold.
        1 => (20_000_000_000..=u64::MAX).prop_map(Duration::from_secs),
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
        vec(duration(), 1..=16).prop_map(|list| Delay::schedule(list).expect("1 to 16 delays")),
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

/// The number of a retry; the last that a count of failures in 32 bits can tell is `u32::MAX - 1`.
fn retry() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..40_u32, 1 => 0..u32::MAX, 1 => Just(u32::MAX - 1)]
}

fn kind() -> impl Strategy<Value = FailureKind> {
    prop_oneof![Just(FailureKind::Throttled), Just(FailureKind::Error)]
}

/// Chance at an extreme.
struct Always(u64);

impl Rng for Always {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
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

    /// The extremes of chance are the extremes of the delay, so no bound is too wide.
    #[test]
    fn bounds_are_reached(delay in delay(), jitter in jitter(), retry in retry(), kind in kind()) {
        let policy = unlimited(delay, jitter);
        let drawn = |bits| delay_of(policy.decide(&nth(kind, retry), Timestamp::EPOCH, &mut Always(bits)));
        prop_assert_eq!((drawn(0), drawn(u64::MAX)), policy.bounds(retry));
    }

    /// Each kind of jitter spreads a delay as its name says, and never beyond the cap.
    #[test]
    fn jitter_spreads_over_the_range_that_it_names(
        a in duration(), b in duration(), percent in 0..=100_u32, most in duration(),
    ) {
        let whole = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (first, cap) = (whole(a.min(b)), whole(a.max(b)));
        let part = u64::try_from(u128::from(first) * u128::from(percent) / 100).expect("at most 100 %");
        let most_nanos = whole(most);
        let top = first.saturating_add(most_nanos).min(cap);
        for (jitter, expected) in [
            (Jitter::NONE, (first, first)),
            (Jitter::FULL, (0, first)),
            (Jitter::EQUAL, (first.div_ceil(2), first)),
            (Jitter::down(percent).expect("at most 100"), (first - part, first)),
            (
                Jitter::proportional(percent).expect("at most 100"),
                (first - part, first.saturating_add(part).min(cap)),
            ),
            (Jitter::add(most), (first.min(top.saturating_sub(most_nanos)), top)),
        ] {
            let delay = Delay::linear(a.min(b), Duration::ZERO, a.max(b)).expect("first <= cap");
            let (least, longest) = unlimited(delay, jitter).bounds(7);
            prop_assert_eq!((whole(least), whole(longest)), expected, "{:?}", jitter);
        }
    }

    #[test]
    fn growing_delays_never_shrink(a in duration(), b in duration(), step in duration(), retry in 0..200_u32) {
        let (first, cap) = (a.min(b), a.max(b));
        for delay in [
            Delay::linear(first, step, cap),
            Delay::exponential(first, (2, 1), cap),
            Delay::exponential(first, (3, 2), cap),
            Delay::exponential(first, (1_001, 1_000), cap),
            Delay::fibonacci(first, cap),
        ] {
            let delay = delay.expect("first <= cap");
            prop_assert!(delay.nominal(retry) <= delay.nominal(retry + 1));
            prop_assert!(delay.nominal(retry) >= Duration::from_nanos(u64::MAX).min(first));
            prop_assert!(delay.nominal(retry) <= cap);
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
        let forever = Duration::from_nanos(u64::MAX);
        prop_assert!(delay_of(drawn) >= hint.min(forever));
        // Above the hint lies the delay that the same luck gives without one.
        let own = policy.decide(&nth(FailureKind::Throttled, retry), Timestamp::EPOCH, &mut SplitMix64::new(seed));
        prop_assert_eq!(delay_of(drawn), hint.saturating_add(delay_of(own)).min(forever));
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

    /// Whatever a server says: five retries of refusals and two of errors, each after two minutes and the policy's own delay at most.
    #[test]
    fn a_request_waits_a_bounded_time_in_total_unless_told_otherwise(
        seed: u64, hints in vec(prop::option::of(duration()), 100), kinds in vec(kind(), 100),
    ) {
        let cap = Duration::from_secs(60);
        let delay = Delay::exponential(Duration::from_secs(1), (2, 1), cap).expect("first <= cap");
        let policy = RetryPolicy::new(delay, Jitter::FULL);
        let mut rng = SplitMix64::new(seed);
        let start = Timestamp::from_nanos(7);
        let (mut now, mut throttled, mut errors) = (start, 0, 0);
        for (hint, kind) in hints.into_iter().zip(kinds) {
            match kind {
                FailureKind::Throttled => throttled += 1,
                FailureKind::Error => errors += 1,
            }
            let failure = Failure { kind, throttled, errors, first_call_at: start, hint, deadline: None };
            match policy.decide(&failure, now, &mut rng) {
                Decision::Retry(delay) => now = now.saturating_add(delay),
                Decision::GiveUp { .. } => break,
            }
        }
        let waited = now.saturating_duration_since(start);
        prop_assert!(waited <= 7 * (Duration::from_secs(120) + cap), "{:?}", waited);
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
