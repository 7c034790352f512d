//! What is refused, when, and why; a refusal changes nothing.

use std::time::Duration;

use paceline_admission::Priority;
use paceline_backoff::{Delay, GrpcThrottle, Jitter, RetryPolicy};
use paceline_concurrency::Fixed;
use paceline_core::{Denied, Quota};
use paceline_gcra::Gcra;
use paceline_tokio::{AcquireError, Attempt, Retry, RetryError, Stop, Throttle, TryAcquireError};
use tokio::time::{Instant, sleep};

use waiters::{per_second, waiter};

mod waiters;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn permits_that_stay_in_use_end_a_wait_at_its_deadline() {
    let throttle = Throttle::builder(Gcra::new(Quota::per_second(10)))
        .concurrency(Fixed::new(1))
        .build();
    let held = throttle.acquire(1).await.expect("a permit is free");
    let refused = throttle.try_acquire(1).map(|_| ());
    assert_eq!(refused, Err(TryAcquireError::Busy));
    let start = Instant::now();
    let refused = throttle.acquire_within(1, SECOND).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::NotInTime { ready_at: None }));
    assert!(start.elapsed() >= SECOND);
    assert_eq!((throttle.waiting(), throttle.in_flight()), (0, 1));
    drop(held);
    assert_eq!(throttle.in_flight(), 0);
    // Of ten, one was spent, a second ago.
    assert!(throttle.try_acquire(10).is_ok());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_permits_are_in_flight() {
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(Fixed::new(3))
        .build();
    let mut tasks = Vec::new();
    for _ in 0..30 {
        let throttle = throttle.clone();
        tasks.push(tokio::spawn(async move {
            let admitted = throttle.acquire(1).await.expect("it is served");
            let in_flight = throttle.in_flight();
            sleep(SECOND).await;
            drop(admitted);
            in_flight
        }));
    }
    let start = Instant::now();
    for task in tasks {
        assert!(task.await.expect("no panic") <= 3);
    }
    assert!(start.elapsed() <= 10 * SECOND + 15 * MS);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_its_bound_wait() {
    let throttle = Throttle::builder(Gcra::new(Quota::per_second(1)))
        .max_waiting(2)
        .build();
    drop(throttle.acquire(1).await);
    let first = waiter(&throttle, 1, Priority::INTERACTIVE).await;
    let second = waiter(&throttle, 1, Priority::INTERACTIVE).await;
    let refused = throttle.acquire(1).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::LineFull { most: 2 }));
    assert!(first.await.is_ok() && second.await.is_ok());
    // Nobody has to wait to be admitted at once.
    let strict = Throttle::builder(Gcra::new(Quota::per_second(1)))
        .max_waiting(0)
        .build();
    assert!(strict.acquire(1).await.is_ok());
    let refused = strict.acquire(1).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::LineFull { most: 0 }));
}

#[tokio::test(start_paused = true)]
async fn what_never_conforms_is_refused_at_once() {
    let throttle = per_second(10, 10);
    let refused = throttle.acquire(11).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::TooLarge { max: 10 }));
    drop(throttle.acquire(10).await);
    let waiting = waiter(&throttle, 10, Priority::INTERACTIVE).await;
    let start = Instant::now();
    let refused = throttle.acquire(11).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::TooLarge { max: 10 }));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(waiting.await.is_ok());

    let disabled = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(Fixed::new(0))
        .build();
    let refused = disabled.acquire(1).await.map(|_| ());
    assert_eq!(refused, Err(AcquireError::TooLarge { max: 0 }));
}

#[tokio::test(start_paused = true)]
async fn trying_passes_nobody() {
    let throttle = per_second(10, 10);
    let first = throttle.try_acquire(9);
    assert!(first.is_ok());
    let at = throttle.now().saturating_add(SECOND / 10);
    let refused = throttle.try_acquire(2).map(|_| ());
    assert_eq!(refused, Err(TryAcquireError::Denied(Denied::Until(at))));
    let refused = throttle.try_acquire(11).map(|_| ());
    let too_large = Denied::TooLarge { max: 10 };
    assert_eq!(refused, Err(TryAcquireError::Denied(too_large)));

    let waiting = waiter(&throttle, 5, Priority::BATCH).await;
    let refused = throttle.try_acquire(1).map(|_| ());
    assert_eq!(refused, Err(TryAcquireError::Behind { waiting: 1 }));
    assert!(waiting.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_cannot_be_met_is_refused_at_once_and_changes_nothing() {
    let throttle = per_second(10, 10);
    drop(throttle.acquire(10).await);
    // Those ahead take until 600 ms, so 3 cells are there at 900 ms.
    let ahead = waiter(&throttle, 6, Priority::INTERACTIVE).await;
    let start = Instant::now();
    let refused = throttle.acquire_within(3, 899 * MS).await.map(|_| ());
    let ready_at = throttle.now().saturating_add(900 * MS);
    let ready_at = Some(ready_at);
    assert_eq!(refused, Err(AcquireError::NotInTime { ready_at }));
    assert_eq!((start.elapsed(), throttle.waiting()), (Duration::ZERO, 1));

    let met = throttle.acquire_within(3, 902 * MS).await;
    assert!(met.is_ok());
    assert!(start.elapsed() >= 900 * MS);
    assert!(ahead.await.expect("no panic") <= 602 * MS);
    // Each spent its own.
    sleep(SECOND - MS).await;
    assert!(throttle.try_acquire(10).is_err());
    sleep(3 * MS).await;
    assert!(throttle.try_acquire(10).is_ok());
}

/// Of four tokens, the second failure takes the second.
#[tokio::test(start_paused = true)]
async fn budgets_hear_of_failures() {
    let policy = RetryPolicy::new(Delay::constant(SECOND), Jitter::NONE);
    let budget = GrpcThrottle::new(4, 1).expect("a legal budget");
    let retry = Retry::new(policy.with_retries(9, 9), 1).with_budget(budget);
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED)).build();
    let attempt = || async { Attempt::<(), (), u64>::Failed(()) };
    for calls in [2, 1] {
        let failed = RetryError::Failed {
            error: (),
            calls,
            stop: Stop::Budget,
        };
        assert_eq!(retry.run(&throttle, 1, attempt).await, Err(failed));
    }
}
