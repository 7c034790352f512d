//! What budgets that watch failures promise, and the throttle that holds back first calls too.

use std::time::Duration;

use paceline_backoff::{
    AdaptiveThrottle, BackoffError, FailureKind, GrpcThrottle, RetryBreaker, RetryBudget,
};
use paceline_core::{Rng, SplitMix64, Timestamp};
use proptest::{collection::vec, prelude::*};

fn millis(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// Draws what it is told to.
struct Lot(u64);

impl Rng for Lot {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// The reference is the text of the proposal, in whole thousandths.
    #[test]
    fn a_grpc_throttle_does_what_the_proposal_says(
        tokens in 1..=1_000_u32, per_success in 1..3_000_u32, steps in vec(any::<bool>(), 0..200),
    ) {
        let mut throttle = GrpcThrottle::new(tokens, per_success).expect("within bounds");
        let (most, per_success) = (1_000 * i64::from(tokens), i64::from(per_success));
        let (mut held, now) = (most, Timestamp::EPOCH);
        for succeeds in steps {
            if succeeds {
                throttle.success(now, None);
                held = (held + per_success).min(most);
            } else {
                throttle.failure(now, FailureKind::Error);
                held = (held - 1_000).max(0);
            }
            for _ in 0..2 {
                // To ask changes nothing.
                prop_assert_eq!(throttle.try_retry(now, FailureKind::Error), 2 * held > most);
            }
        }
    }

    /// Retries pass exactly while failures are no more than the share of the first calls.
    #[test]
    fn a_breaker_opens_above_its_share(
        percent in 0..=100_u32, steps in vec(any::<bool>(), 0..300),
    ) {
        let mut breaker = RetryBreaker::new((percent, 100)).expect("at most 1");
        let (mut first_calls, mut failures, now) = (0_u64, 0_u64, Timestamp::EPOCH);
        for fails in steps {
            if fails {
                breaker.failure(now, FailureKind::Throttled);
                failures += 1;
            } else {
                breaker.first_call(now);
                first_calls += 1;
            }
            let passes = 100 * failures <= u64::from(percent) * first_calls;
            prop_assert_eq!(breaker.try_retry(now, FailureKind::Throttled), passes);
        }
    }

    /// What happened longer ago than the window plays no part, whatever it was.
    #[test]
    fn a_breaker_forgets(window in 10..5_000_u64, bad in 1..50_u32, good in 10..50_u32) {
        let breaker = RetryBreaker::new((1, 10)).expect("at most 1");
        let mut breaker = breaker.with_window(Duration::from_millis(10 * window));
        for _ in 0..bad {
            breaker.failure(millis(0), FailureKind::Error);
        }
        prop_assert!(!breaker.try_retry(millis(0), FailureKind::Error));
        for _ in 0..good {
            breaker.first_call(millis(9 * window - 1));
        }
        let still = breaker.try_retry(millis(9 * window), FailureKind::Error);
        prop_assert_eq!(still, 10 * bad <= good);
        prop_assert!(breaker.try_retry(millis(10 * window), FailureKind::Error));
    }

    /// A lot passes exactly if it is not below the probability, which is compared in whole numbers.
    #[test]
    fn an_adaptive_throttle_has_the_probability_of_the_book(
        multiple in 100..400_u64, requests in 0..200_u64, accepts in 0..200_u64, lot: u64,
    ) {
        let fraction = (u32::try_from(multiple).expect("small"), 100);
        let throttle = AdaptiveThrottle::new(fraction, Duration::from_secs(120));
        let mut throttle = throttle.expect("at least 1");
        let now = Timestamp::EPOCH;
        for _ in 0..accepts {
            throttle.accepted(now);
        }
        for _ in 0..requests {
            throttle.try_call(now, &mut Lot(u64::MAX));
        }
        let too_many = (100 * requests).saturating_sub(multiple * accepts);
        let held_back = u128::from(lot) * u128::from(100 * (requests + 1)) < u128::from(too_many) << 64;
        prop_assert_eq!(throttle.try_call(now, &mut Lot(lot)), !held_back);
    }
}

/// After one call that was not accepted, every second one is held back: the lot decides to the last bit.
#[test]
fn an_adaptive_throttle_draws_exactly() {
    let second = |lot| {
        let mut throttle = AdaptiveThrottle::google();
        assert!(
            throttle.try_call(Timestamp::EPOCH, &mut Lot(0)),
            "nothing was refused yet"
        );
        throttle.try_call(Timestamp::EPOCH, &mut Lot(lot))
    };
    assert!(second(1 << 63));
    assert!(!second((1 << 63) - 1));
}

/// A server that accepts a hundred a second of those that it is sent is sent `K` times as many.
#[test]
fn an_adaptive_throttle_sends_a_multiple_of_what_is_accepted() {
    for tenths in [11, 15, 20, 60] {
        let throttle = AdaptiveThrottle::new((tenths, 10), Duration::from_secs(120));
        let mut throttle = throttle.expect("at least 1");
        let mut rng = SplitMix64::new(7);
        let mut sent = 0;
        for second in 0..600 {
            let mut accepts = 100;
            // Five hundred want to go.
            for call in 0..500 {
                let now = millis(1_000 * second + 2 * call);
                if !throttle.try_call(now, &mut rng) {
                    continue;
                }
                sent += u32::from(second >= 300);
                if accepts > 0 {
                    throttle.accepted(now);
                    accepts -= 1;
                }
            }
        }
        let per_second = f64::from(sent) / 300.0;
        let expected = f64::from((10 * tenths).min(500));
        let off = (per_second / expected - 1.0).abs();
        assert!(off < 0.025, "{per_second} instead of {expected}");
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    for (tokens, per_success) in [(0, 100), (1_001, 100), (10, 0)] {
        let error = GrpcThrottle::new(tokens, per_success).err();
        assert_eq!(error, Some(BackoffError::Tokens));
    }
    assert_eq!(RetryBreaker::new((2, 1)).err(), Some(BackoffError::Ratio));
    assert_eq!(RetryBreaker::new((0, 0)).err(), Some(BackoffError::Ratio));
    for multiple in [(1, 2), (1, 0)] {
        let error = AdaptiveThrottle::new(multiple, Duration::from_secs(1)).err();
        assert_eq!(error, Some(BackoffError::Multiple));
    }
}

#[test]
fn extremes_do_not_overflow() {
    let most = u32::MAX;
    let mut throttle = GrpcThrottle::new(1_000, most).expect("within bounds");
    throttle.success(Timestamp::MAX, None);
    assert!(throttle.try_retry(Timestamp::MAX, FailureKind::Error));

    let breaker = RetryBreaker::new((most, most)).expect("one");
    let mut breaker = breaker.with_window(Duration::ZERO);
    breaker.first_call(Timestamp::EPOCH);
    breaker.failure(Timestamp::MAX, FailureKind::Error);
    assert!(!breaker.try_retry(Timestamp::MAX, FailureKind::Error));

    let throttle = AdaptiveThrottle::new((most, 1), Duration::MAX);
    let mut throttle = throttle.expect("at least 1");
    throttle.accepted(Timestamp::MAX);
    assert!(throttle.try_call(Timestamp::EPOCH, &mut Lot(0)));
    // The first call passes whatever is drawn.
    let mut fresh = AdaptiveThrottle::google();
    assert!(fresh.try_call(Timestamp::MAX, &mut Lot(0)));
}
