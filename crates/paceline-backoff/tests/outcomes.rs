//! How whole retry loops end.

use std::time::Duration;

use paceline_backoff::{Decision, Delay, Failure, FailureKind, Jitter, Reason, RetryPolicy};
use paceline_core::{SplitMix64, Timestamp};

mod common;

use common::{SECOND, refused_forever, throttled};

/// Refusals and errors have limits of their own, and the delay grows with both.
#[test]
fn kinds_of_failure_are_counted_apart() {
    let policy = RetryPolicy::new(
        Delay::exponential(SECOND, (2, 1), 60 * SECOND).expect("first <= cap"),
        Jitter::NONE,
    )
    .with_retries(5, 1);
    let mut rng = SplitMix64::new(1);
    let failure = Failure {
        kind: FailureKind::Error,
        errors: 1,
        ..throttled(3)
    };
    let decision = policy.decide(&failure, Timestamp::EPOCH, &mut rng);
    assert_eq!(decision, Decision::Retry(8 * SECOND));
    let again = Failure {
        errors: 2,
        ..failure
    };
    let decision = policy.decide(&again, Timestamp::EPOCH, &mut rng);
    assert!(matches!(
        decision,
        Decision::GiveUp {
            reason: Reason::Attempts,
            ..
        }
    ));
}

/// A list that ends says so, and one that does not repeats its last delay.
#[test]
fn a_schedule_ends_or_repeats_as_the_caller_says() {
    let delays = [2 * SECOND, SECOND];
    let policy = |delay| RetryPolicy::new(delay, Jitter::NONE).with_retries(5, 5);
    let repeating = policy(Delay::schedule(delays).expect("two delays"));
    let (calls, slept, _) = refused_forever(&repeating, None);
    assert_eq!((calls, slept), (6, 6 * SECOND));
    let ending = policy(Delay::schedule_once(delays).expect("two delays"));
    let outcome = refused_forever(&ending, None);
    assert_eq!(outcome, (3, 3 * SECOND, Reason::Attempts));
    let steady = policy(Delay::linear(SECOND, SECOND, 3 * SECOND).expect("first <= cap"));
    // 1 + 2 + 3 + 3 + 3 seconds.
    let (calls, slept, _) = refused_forever(&steady, None);
    assert_eq!((calls, slept), (6, 12 * SECOND));
}

/// What the other clients do can be said, so that a simulation can be fair to them.
#[test]
fn presets_do_what_their_models_do() {
    const SDK: RetryPolicy = RetryPolicy::openai_sdk();
    let sdk_bounds = [0, 4, 9].map(|retry| SDK.bounds(retry));
    let ms = Duration::from_millis;
    assert_eq!(
        sdk_bounds,
        [
            (ms(375), ms(500)),
            (ms(6_000), ms(8_000)),
            (ms(6_000), ms(8_000))
        ]
    );
    // Two retries, each after exactly what the server said.
    let outcome = refused_forever(&SDK, Some(7 * SECOND));
    assert_eq!(outcome, (3, 14 * SECOND, Reason::Attempts));
    let (calls, _, reason) = refused_forever(&SDK, Some(121 * SECOND));
    assert_eq!((calls, reason), (1, Reason::HintTooLong));

    let aws = RetryPolicy::aws_standard();
    let aws_bounds = [0, 4, 5].map(|retry| aws.bounds(retry));
    let zero = Duration::ZERO;
    assert_eq!(
        aws_bounds,
        [(zero, SECOND), (zero, 16 * SECOND), (zero, 20 * SECOND)]
    );
    let (calls, slept, _) = refused_forever(&aws, Some(60 * SECOND));
    assert!(calls == 3 && slept < 3 * SECOND, "{calls}, {slept:?}");
}

/// A wait that the deadline would cut is a wait in vain.
#[test]
fn gives_up_before_a_wait_that_the_deadline_would_cut() {
    let policy = RetryPolicy::new(Delay::constant(10 * SECOND), Jitter::NONE);
    let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
    let until = |deadline| Failure {
        deadline: Some(at(deadline)),
        ..throttled(1)
    };
    let mut rng = SplitMix64::new(1);
    let early = policy.decide(&until(10), at(0), &mut rng);
    let expected = Decision::GiveUp {
        reason: Reason::Deadline,
        retry_at: Some(at(10)),
    };
    assert_eq!(early, expected);
    // The server's hint ends after the deadline: waiting for it would be in vain too.
    let hinted = Failure {
        hint: Some(5 * SECOND),
        ..until(12)
    };
    let expected = Decision::GiveUp {
        reason: Reason::Deadline,
        retry_at: Some(at(15)),
    };
    assert_eq!(policy.decide(&hinted, at(0), &mut rng), expected);
    let in_time = policy.decide(&until(11), at(0), &mut rng);
    assert_eq!(in_time, Decision::Retry(10 * SECOND));
}
