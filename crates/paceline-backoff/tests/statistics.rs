//! Means of random delays against their closed forms, within five standard errors.
//!
//! The seeds are fixed, so that nothing here is flaky.

use std::time::Duration;

use paceline_backoff::{
    Decision, Delay, Failure, FailureKind, HintPolicy, HintUse, Jitter, RetryPolicy,
    StatelessJitter,
};
use paceline_core::{Rng, SplitMix64, Timestamp};

const SECOND: Duration = Duration::from_secs(1);
const TRIALS: u32 = 20_000;

/// The delay before this retry, in seconds.
fn draw(policy: &RetryPolicy, retry: u32, rng: &mut impl Rng) -> f64 {
    let failure = Failure {
        throttled: retry + 1,
        ..Failure::first(FailureKind::Throttled, Timestamp::EPOCH)
    };
    match policy.decide(&failure, Timestamp::EPOCH, rng) {
        Decision::Retry(delay) => delay.as_secs_f64(),
        Decision::GiveUp { reason, .. } => panic!("gave up: {reason:?}"),
    }
}

fn unlimited(delay: Delay, jitter: Jitter) -> RetryPolicy {
    RetryPolicy::new(delay, jitter)
        .with_retries(u32::MAX, u32::MAX)
        .with_hints(HintUse::Floor, HintPolicy::Honour)
}

fn assert_mean(drawn: impl Iterator<Item = f64>, mean: f64, deviation: f64) {
    let (count, sum) = drawn.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    let found = sum / f64::from(count);
    let standard_error = deviation / f64::from(count).sqrt();
    assert!(
        (found - mean).abs() < 5.0 * standard_error,
        "{found} instead of {mean}, standard error {standard_error}"
    );
}

/// A uniform distribution has the standard deviation width / sqrt(12).
#[test]
fn jitter_has_the_mean_of_its_range() {
    for (jitter, least, most) in [
        (Jitter::FULL, 0.0, 1.0),
        (Jitter::EQUAL, 0.5, 1.0),
        (Jitter::down(25).expect("at most 100"), 0.75, 1.0),
        (Jitter::proportional(20).expect("at most 100"), 0.8, 1.2),
        (Jitter::add(SECOND), 1.0, 2.0),
    ] {
        let policy = unlimited(Delay::constant(SECOND), jitter);
        let mut rng = SplitMix64::new(42);
        let drawn = (0..TRIALS).map(|_| draw(&policy, 0, &mut rng));
        let deviation = (most - least) / 12_f64.sqrt();
        assert_mean(drawn, f64::midpoint(least, most), deviation);
    }
}

/// At a cap of 1 s, 1 s ± 20 % is uniform over 0.8 to 1 s: nothing piles up at the cap.
#[test]
fn jitter_at_the_cap_has_the_mean_of_what_is_left() {
    let delay = Delay::exponential(SECOND, (2, 1), SECOND).expect("first <= cap");
    for (jitter, least) in [
        (Jitter::proportional(20).expect("at most 100"), 0.8),
        (Jitter::add(Duration::from_millis(300)), 0.7),
    ] {
        let policy = unlimited(delay.clone(), jitter);
        let mut rng = SplitMix64::new(43);
        let drawn = (0..TRIALS).map(|_| draw(&policy, 5, &mut rng));
        assert_mean(
            drawn,
            f64::midpoint(least, 1.0),
            (1.0 - least) / 12_f64.sqrt(),
        );
    }
}

/// The two SDKs wait 0.875 * (0.5 + 1) = 1.3125 s on average, all retries together.
#[test]
fn the_sdk_default_cannot_outlast_a_minute() {
    let policy = RetryPolicy::openai_sdk();
    let jitter = StatelessJitter::new(3);
    let totals = (0..TRIALS).map(|request| {
        let delays =
            (0..2).map(|retry| draw(&policy, retry, &mut jitter.rng(request.into(), retry)));
        delays.sum::<f64>()
    });
    // Widths 0.125 and 0.25 s.
    let variance = (0.125_f64.powi(2) + 0.25_f64.powi(2)) / 12.0;
    assert_mean(totals, 1.3125, variance.sqrt());
    let (_, longest) = policy.bounds(1);
    assert_eq!(longest, SECOND);
}

/// With base 1 and no cap, the first delay is U(1, 3), with mean 2 and variance 1/3.
/// The second is U(1, 3 D): its mean is (1 + 3 * 2) / 2 = 3.5, and its variance
/// E(3 D - 1)^2 / 12 + Var(3 D / 2) = (9/3 + 5^2) / 12 + 9/4/3 = 37/12.
#[test]
fn a_decorrelated_walk_has_the_moments_of_a_walk() {
    let delay = Delay::decorrelated(SECOND, Duration::MAX).expect("base <= cap");
    let policy = unlimited(delay, Jitter::NONE);
    for (retry, mean, variance) in [(0, 2.0, 1.0 / 3.0), (1, 3.5, 37.0 / 12.0)] {
        let mut rng = SplitMix64::new(44);
        let drawn = (0..TRIALS).map(|_| draw(&policy, retry, &mut rng));
        assert_mean(drawn, mean, f64::sqrt(variance));
    }
}

/// Walks from both ends of the range meet: what is left of the start is below the noise.
///
/// The first walk is ours, from a millisecond; the other, here, starts at the cap of a day. Both tend
/// to the one stationary distribution, whose standard deviation is below half its range.
#[test]
fn a_decorrelated_walk_forgets_its_start() {
    let (base, cap) = (0.001, 86_400.0);
    let day = Duration::from_secs(86_400);
    let delay = Delay::decorrelated(Duration::from_millis(1), day).expect("base <= cap");
    let policy = unlimited(delay, Jitter::NONE);
    let (mut ours, mut theirs) = (SplitMix64::new(45), SplitMix64::new(46));
    let trials = 5_000;
    let from_the_base = (0..trials)
        .map(|_| draw(&policy, 2_000, &mut ours))
        .sum::<f64>();
    let from_the_cap = (0..trials).map(|_| {
        (0..2_000).fold(cap, |previous, _| {
            let chance = theirs.next_u64() as f64 / 2_f64.powi(64);
            base + chance * (f64::min(3.0 * previous, cap) - base)
        })
    });
    let apart = (from_the_base - from_the_cap.sum::<f64>()).abs() / f64::from(trials) / cap;
    let standard_error = 0.5 * (2.0 / f64::from(trials)).sqrt();
    assert!(
        apart < 5.0 * standard_error,
        "means are {apart} of the cap apart"
    );
}

/// Neighbouring requests and attempts draw as if they had nothing to do with each other.
///
/// Of independent U(0, 1), the product has the mean 1/4 and the variance 1/9 - 1/16 = 7/144.
#[test]
fn stateless_draws_are_independent_of_their_neighbours() {
    let jitter = StatelessJitter::new(0);
    let chance = |request: u32, attempt| {
        jitter.rng(request.into(), attempt).next_u64() as f64 / 2_f64.powi(64)
    };
    let deviation = (7.0_f64 / 144.0).sqrt();
    let requests = (0..TRIALS).map(|request| chance(2 * request, 0) * chance(2 * request + 1, 0));
    assert_mean(requests, 0.25, deviation);
    let attempts = (0..TRIALS).map(|request| chance(request, 0) * chance(request, 1));
    assert_mean(attempts, 0.25, deviation);
    let seeds = (0..u64::from(TRIALS)).map(|seed| {
        let draw = |seed| StatelessJitter::new(seed).rng(0, 0).next_u64() as f64 / 2_f64.powi(64);
        draw(2 * seed) * draw(2 * seed + 1)
    });
    assert_mean(seeds, 0.25, deviation);
}
