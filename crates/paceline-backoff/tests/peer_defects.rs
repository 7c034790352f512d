//! Mistakes that other retry crates make, and this one must not.

use std::{collections::BTreeSet, time::Duration};

use paceline_backoff::{
    BackoffError, Decision, Delay, Failure, FailureKind, HintPolicy, HintUse, Jitter, RatioBudget,
    Reason, RetryBudget, RetryPolicy, StatelessJitter,
};
use paceline_core::{Rng, SplitMix64, Timestamp};

mod common;

use common::{SECOND, refused_forever, throttled};

fn doubling(first_ms: u64, cap: Duration) -> Delay {
    Delay::exponential(Duration::from_millis(first_ms), (2, 1), cap).expect("first <= cap")
}

/// A hint that replaces the policy's answer retries forever: 1797 calls in 2 s were seen.
#[test]
fn a_hint_of_zero_neither_bypasses_the_limit_nor_spins() {
    for hint_use in [HintUse::Floor, HintUse::Exact] {
        let delay = Delay::constant(Duration::from_millis(100));
        let policy = RetryPolicy::new(delay, Jitter::NONE)
            .with_retries(3, 3)
            .with_hints(hint_use, HintPolicy::Honour);
        let outcome = refused_forever(&policy, Some(Duration::ZERO));
        assert_eq!(outcome, (4, Duration::from_millis(300), Reason::Attempts));
        // Nor does a hint that is clamped to zero.
        let policy = policy.with_hints(hint_use, HintPolicy::Clamp(Duration::ZERO));
        let outcome = refused_forever(&policy, Some(SECOND));
        assert_eq!(outcome, (4, Duration::from_millis(300), Reason::Attempts));
    }
}

/// A hint that is tried before the limits outlives the elapsed time: 41 calls instead of 4.
#[test]
fn a_hint_counts_against_elapsed_time() {
    let policy = RetryPolicy::new(Delay::constant(Duration::ZERO), Jitter::NONE)
        .with_retries(u32::MAX, 0)
        .with_max_elapsed(Duration::from_millis(200));
    let (calls, slept, reason) = refused_forever(&policy, Some(Duration::from_millis(50)));
    assert_eq!((calls, reason), (5, Reason::Elapsed));
    assert_eq!(slept, Duration::from_millis(200));
}

/// A hint that reaches only the log is not a hint.
#[test]
fn a_hint_is_slept() {
    let policy = RetryPolicy::new(Delay::constant(Duration::from_millis(20)), Jitter::NONE)
        .with_retries(3, 0);
    let (calls, slept, _) = refused_forever(&policy, Some(Duration::from_millis(200)));
    assert_eq!((calls, slept), (4, Duration::from_millis(660)));
}

/// Additive jitter on top of a cap yields 15.999 s where 8 s were the maximum.
#[test]
fn the_cap_holds_for_the_jittered_delay() {
    let mut rng = SplitMix64::new(5);
    for jitter in [
        Jitter::add(Duration::from_secs(8)),
        Jitter::proportional(100).expect("at most 100"),
    ] {
        let policy = RetryPolicy::new(doubling(500, 8 * SECOND), jitter).with_retries(99, 99);
        let mut seen = BTreeSet::new();
        for _ in 0..1_000 {
            let Decision::Retry(delay) = policy.decide(&throttled(20), Timestamp::EPOCH, &mut rng)
            else {
                panic!("99 retries are allowed")
            };
            assert!(delay <= 8 * SECOND, "{delay:?}");
            seen.insert(delay);
        }
        // At the cap it is still spread.
        assert!(seen.len() > 990, "{} distinct delays", seen.len());
    }
}

/// Sums that overflow, a minimum above the maximum, durations kept in 32-bit floats.
#[test]
fn extremes_saturate_and_contradictions_are_refused() {
    let forever = Duration::MAX;
    let policy = RetryPolicy::new(Delay::constant(forever), Jitter::FULL)
        .with_retries(u32::MAX, u32::MAX)
        .with_max_elapsed(forever)
        .with_hints(HintUse::Floor, HintPolicy::Honour);
    let failure = Failure {
        hint: Some(forever),
        ..throttled(u32::MAX)
    };
    let now = Timestamp::from_nanos(u64::MAX - 1);
    let longest = Duration::from_nanos(u64::MAX);
    let decision = policy.decide(&failure, now, &mut SplitMix64::new(9));
    assert_eq!(decision, Decision::Retry(longest));

    let contradiction = Delay::exponential(100 * SECOND, (2, 1), SECOND);
    assert_eq!(contradiction, Err(BackoffError::CapBelowFirst));
    assert_eq!(
        Delay::exponential(SECOND, (1, 2), SECOND),
        Err(BackoffError::Factor)
    );
    assert_eq!(
        Delay::exponential(SECOND, (2, 0), SECOND),
        Err(BackoffError::Factor)
    );
    assert_eq!(Delay::schedule([]), Err(BackoffError::EmptySchedule));
    assert_eq!(
        Delay::schedule([SECOND; 17]),
        Err(BackoffError::ScheduleTooLong)
    );
    assert_eq!(
        RatioBudget::new((2, 1), 0, 1).map(|_| ()),
        Err(BackoffError::Ratio)
    );
    assert_eq!(
        RatioBudget::new((0, 0), 0, 1).map(|_| ()),
        Err(BackoffError::Ratio)
    );
    assert_eq!(Jitter::proportional(101), Err(BackoffError::Percentage));
    assert_eq!(Jitter::down(101), Err(BackoffError::Percentage));

    let odd = Duration::from_secs(16_777_217);
    assert_eq!(Delay::constant(odd).nominal(0), odd);
    assert_eq!(doubling(1, forever).nominal(u32::MAX), longest);
}

/// A generator that is cloned per request gives all of them one first delay.
#[test]
fn requests_do_not_share_their_first_delay() {
    let policy = RetryPolicy::new(doubling(1_000, 60 * SECOND), Jitter::FULL);
    let jitter = StatelessJitter::new(11);
    let delays: BTreeSet<_> = (0..500)
        .map(|request| policy.decide(&throttled(1), Timestamp::EPOCH, &mut jitter.rng(request, 0)))
        .map(|decision| format!("{decision:?}"))
        .collect();
    assert_eq!(delays.len(), 500);
    // Nor does the second attempt of one request draw like the first of another.
    let calls = (0..50).flat_map(|request| (0..10).map(move |attempt| (request, attempt)));
    let draws: BTreeSet<_> = calls
        .map(|(request, attempt)| jitter.rng(request, attempt).next_u64())
        .collect();
    assert_eq!(draws.len(), 500);
}

/// Ratios kept in floats or whole tokens give 333 for .3, 500 for .4 and 1000 for .6.
#[test]
fn ratios_are_exact() {
    for (ratio, retries) in [
        ((3, 10), 300),
        ((4, 10), 400),
        ((6, 10), 600),
        ((3, 4), 750),
        ((9, 10), 900),
        ((1, 3), 333),
    ] {
        let mut budget = RatioBudget::new(ratio, 0, 10_000).expect("at most 1");
        let mut spent = 0;
        for _ in 0..1_000 {
            budget.first_call(Timestamp::EPOCH);
            while budget.try_retry(Timestamp::EPOCH, FailureKind::Error) {
                spent += 1;
            }
        }
        assert_eq!(spent, retries, "{ratio:?}");
    }
}

/// Clamping to a minimum puts half of all draws exactly there; clamping to a maximum, up to 43 %.
#[test]
fn no_draw_piles_up_at_the_edge_of_its_range() {
    let mut rng = SplitMix64::new(17);
    let decorrelated =
        Delay::decorrelated(Duration::from_millis(5), 2 * SECOND).expect("5 ms <= 2 s");
    for (delay, jitter) in [
        (decorrelated, Jitter::NONE),
        (
            doubling(5, 2 * SECOND),
            Jitter::proportional(30).expect("at most 100"),
        ),
        (doubling(5, 2 * SECOND), Jitter::EQUAL),
    ] {
        let policy = RetryPolicy::new(delay, jitter).with_retries(99, 99);
        let (least, most) = policy.bounds(30);
        let at_edge = (0..20_000)
            .map(|_| policy.decide(&throttled(31), Timestamp::EPOCH, &mut rng))
            .filter(|&d| d == Decision::Retry(least) || d == Decision::Retry(most))
            .count();
        assert_eq!(at_edge, 0, "{jitter:?}");
    }
}

/// A range that is drawn once, when the strategy is made, is no jitter.
#[test]
fn every_delay_is_drawn_anew() {
    let policy = RetryPolicy::new(Delay::constant(100 * SECOND), Jitter::FULL).with_retries(9, 9);
    let mut rng = SplitMix64::new(23);
    let delays: BTreeSet<_> = (0..1_000)
        .map(|_| {
            format!(
                "{:?}",
                policy.decide(&throttled(1), Timestamp::EPOCH, &mut rng)
            )
        })
        .collect();
    assert_eq!(delays.len(), 1_000);
}

/// Half a second to the third power is 1157 days, and one to any power stays one.
#[test]
fn exponential_multiplies_by_the_factor() {
    let seconds = |delay: &Delay| [0, 1, 2, 3].map(|retry| delay.nominal(retry).as_secs_f64());
    assert_eq!(seconds(&doubling(500, 60 * SECOND)), [0.5, 1.0, 2.0, 4.0]);
    assert_eq!(seconds(&doubling(1_000, 60 * SECOND)), [1.0, 2.0, 4.0, 8.0]);
    let gentle = Delay::exponential(SECOND, (3, 2), 60 * SECOND).expect("1 s <= 60 s");
    assert_eq!(seconds(&gentle), [1.0, 1.5, 2.25, 3.375]);
    let fibonacci = Delay::fibonacci(SECOND, 60 * SECOND).expect("1 s <= 60 s");
    let first: Vec<_> = (0..8)
        .map(|retry| fibonacci.nominal(retry).as_secs())
        .collect();
    assert_eq!(first, [1, 1, 2, 3, 5, 8, 13, 21]);
}

/// A server that asks for a day gets an error that says so, not a client that sleeps for a day.
#[test]
fn a_long_hint_fails_or_is_clamped_as_the_caller_says() {
    let day = Duration::from_secs(86_400);
    let failure = Failure {
        hint: Some(day),
        ..throttled(1)
    };
    let decide = |policy| {
        RetryPolicy::new(Delay::constant(SECOND), Jitter::NONE)
            .with_hints(HintUse::Exact, policy)
            .decide(&failure, Timestamp::EPOCH, &mut SplitMix64::new(1))
    };
    let retry_at = Some(Timestamp::EPOCH.saturating_add(day));
    let too_long = Decision::GiveUp {
        reason: Reason::HintTooLong,
        retry_at,
    };
    assert_eq!(decide(HintPolicy::default()), too_long);
    assert_eq!(decide(HintPolicy::FailAbove(day)), Decision::Retry(day));
    assert_eq!(decide(HintPolicy::Honour), Decision::Retry(day));
    // Who ignores hints does not fail for one either.
    let ignoring = RetryPolicy::new(Delay::constant(SECOND), Jitter::NONE)
        .with_hints(HintUse::Ignore, HintPolicy::FailAbove(SECOND));
    let ignored = ignoring.decide(&failure, Timestamp::EPOCH, &mut SplitMix64::new(1));
    assert_eq!(ignored, Decision::Retry(SECOND));
    assert_eq!(
        decide(HintPolicy::Clamp(60 * SECOND)),
        Decision::Retry(60 * SECOND)
    );
}
