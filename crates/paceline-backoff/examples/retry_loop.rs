//! Retries a request against a provider that refuses it twice, in virtual time.

use std::time::Duration;

use paceline_backoff::{
    BackoffError, Decision, Delay, Failure, FailureKind, Jitter, RetryPolicy, StatelessJitter,
};
use paceline_core::{Clock, ManualClock};

/// What the provider answers to each call: a hint, or success.
const ANSWERS: [Result<&str, Duration>; 3] = [
    Err(Duration::from_secs(12)),
    Err(Duration::from_secs(4)),
    Ok("hello"),
];

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), BackoffError> {
    let delay = Delay::exponential(Duration::from_secs(1), (2, 1), Duration::from_secs(60))?;
    let policy = RetryPolicy::new(delay, Jitter::FULL).with_retries(5, 2);
    let jitter = StatelessJitter::new(2_026);
    let clock = ManualClock::default();

    let first_call_at = clock.now();
    for (attempt, answer) in (0..).zip(ANSWERS) {
        let hint = match answer {
            Ok(text) => {
                println!("{:>8.3?} answered: {text}", clock.now());
                return Ok(());
            }
            Err(hint) => hint,
        };
        println!("{:>8.3?} refused, come back in {hint:?}", clock.now());
        let failure = Failure {
            throttled: attempt + 1,
            hint: Some(hint),
            ..Failure::first(FailureKind::Throttled, first_call_at)
        };
        match policy.decide(&failure, clock.now(), &mut jitter.rng(1, attempt)) {
            // A real program would sleep here.
            Decision::Retry(delay) => clock.advance(delay),
            Decision::GiveUp { reason, retry_at } => {
                println!("given up: {reason:?}, not before {retry_at:?}");
                return Ok(());
            }
        }
    }
    Ok(())
}
