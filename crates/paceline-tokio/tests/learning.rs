//! What one task's response teaches, all who share the throttle know at once.

use std::time::Duration;

use paceline_adaptive::LearnedLimits;
use paceline_admission::Gate;
use paceline_core::{
    Class, Demand, Denied, Dimension, Feedback, Hint, HintSource, LimitReading, LimitWindow,
    Metric, Quota, Timestamp,
};
use paceline_gcra::Gcra;
use paceline_tokio::{AcquireError, Throttle, TokioClock, TryAcquireError};
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const START: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
const ONE: Demand = Demand::request(100, 100);

/// So many requests a minute, as far as is known.
fn knowing(limit: u64) -> Throttle<LearnedLimits> {
    let limits = LearnedLimits::new(START);
    let limits = limits.with_limit(Dimension::Requests, limit, LimitWindow::MINUTE);
    Throttle::builder(limits)
        .clock(TokioClock::starting_at(START))
        .build()
}

/// Spawns a task that acquires, and says how long it waited; it is in line when this returns.
async fn waiter(throttle: &Throttle<LearnedLimits>) -> JoinHandle<Duration> {
    let (acquire, start) = (throttle.acquire(ONE), Instant::now());
    let task = tokio::spawn(async move {
        acquire.await.expect("it conforms some day").succeeded();
        start.elapsed()
    });
    yield_now().await;
    assert!(!task.is_finished());
    task
}

fn served(limit: u64, remaining: u64, resets_at: Timestamp) -> Feedback {
    let mut reading = LimitReading::of(Metric::Requests);
    reading.window = Some(LimitWindow::MINUTE);
    (reading.limit, reading.remaining) = (Some(limit), Some(remaining));
    reading.reset_at = Some(resets_at);
    let mut feedback = Feedback::new(Class::Ok);
    feedback.limits.push(reading);
    feedback
}

fn refused(at: Timestamp) -> Feedback {
    let mut feedback = Feedback::new(Class::Pace);
    let source = HintSource::RetryAfter;
    feedback.hint = Some(Hint { at, source });
    feedback
}

#[tokio::test(start_paused = true)]
async fn more_room_wakes_those_who_wait_for_it() {
    let throttle = knowing(3);
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(throttle.acquire(ONE).await.expect("it is idle"));
    }
    let (waiting, behind) = (waiter(&throttle).await, waiter(&throttle).await);
    sleep(SECOND).await;
    // More is believed once it was said again: first that the limit is higher, then that much is left.
    let reset = throttle.now().saturating_add(6 * SECOND);
    for sent in &sent {
        yield_now().await;
        assert!(!waiting.is_finished());
        sent.observe(&served(600, 590, reset));
    }
    let waited = (
        waiting.await.expect("no panic"),
        behind.await.expect("no panic"),
    );
    assert!(waited.0.max(waited.1) <= SECOND + 3 * MS, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn less_room_holds_back_those_who_wait_already() {
    let throttle = knowing(60);
    let first = throttle.acquire(ONE).await.expect("it is idle");
    let second = throttle.acquire(ONE).await.expect("it is idle");
    let in_s = |seconds: u32| throttle.now().saturating_add(seconds * SECOND);
    // Others use the key, too, and nothing is left for ten seconds.
    first.observe(&served(60, 0, in_s(10)));
    let (waiting, start) = (waiter(&throttle).await, Instant::now());
    sleep(5 * SECOND).await;
    assert_eq!(throttle.ready_at(ONE), Some(in_s(5)));
    second.observe(&served(60, 0, in_s(40)));
    assert!(waiting.await.expect("no panic") >= 45 * SECOND);
    assert!(start.elapsed() <= 45 * SECOND + 2 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_everybody_back_for_as_long_as_it_says() {
    let throttle = knowing(1_000);
    let sent = throttle.acquire(ONE).await.expect("it is idle");
    let sibling = throttle.clone();
    let until = throttle.now().saturating_add(20 * SECOND);
    sent.observe(&refused(until));
    sent.failed();
    match sibling.try_acquire(ONE).map(drop) {
        Err(TryAcquireError::Denied(Denied::Until(at))) => assert!(at >= until),
        other => panic!("{other:?}"),
    }
    let (first, second) = (waiter(&sibling).await, waiter(&sibling).await);
    let waited = (
        first.await.expect("no panic"),
        second.await.expect("no panic"),
    );
    assert!(waited.0 >= 20 * SECOND, "{waited:?}");
    // One at a time, so that the second waits for longer.
    assert!(waited.1 > waited.0 && waited.1 <= 22 * SECOND, "{waited:?}");
}

/// Limits that learn nothing share the gate all the same.
#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_gate_of_stated_limits() {
    let throttle = Throttle::new(Gcra::new(Quota::per_second(1_000)));
    let sent = throttle.acquire(1).await.expect("it is idle");
    sent.observe(&Feedback::new(Class::Other));
    assert!(throttle.try_acquire(1).is_ok());
    sent.observe(&refused(throttle.now().saturating_add(20 * SECOND)));
    let start = Instant::now();
    drop(throttle.acquire(1).await);
    assert!(start.elapsed() >= 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn when_it_would_be_admitted_is_known_and_asking_changes_nothing() {
    let quota = Quota::per_second(1).with_burst(2).expect("not zero");
    let throttle = Throttle::new(Gcra::new(quota));
    let start = throttle.now();
    assert_eq!(throttle.ready_at(2), Some(start));
    assert_eq!(throttle.ready_at(3), None);
    drop(throttle.acquire(2).await);
    assert_eq!(throttle.ready_at(1), Some(start.saturating_add(SECOND)));
    // Those in line come before.
    let mut acquire = Box::pin(throttle.acquire(2));
    assert!(futures_util::poll!(&mut acquire).is_pending());
    let third = Some(start.saturating_add(3 * SECOND));
    assert_eq!((throttle.ready_at(1), throttle.ready_at(1)), (third, third));
    assert_eq!(throttle.waiting(), 1);
    drop(acquire);
    // The gate counts.
    throttle.close(start, Some(60 * SECOND));
    assert!(throttle.ready_at(1) >= Some(start.saturating_add(60 * SECOND)));
    // And never is not a time: this one hears whatever is said.
    let gate = Gate::new(7).with_longest_pause(Duration::MAX);
    let throttle = Throttle::builder(Gcra::new(quota)).gate(gate).build();
    throttle.close(start, Some(Duration::MAX));
    assert_eq!(throttle.ready_at(1), None);
}

/// Those who wait for a stated time ask a copy of what was learned.
#[tokio::test(start_paused = true)]
async fn what_was_learned_is_foreseen() {
    let throttle = knowing(60);
    let sent = throttle.acquire(ONE).await.expect("it is idle");
    let reset = throttle.now().saturating_add(50 * SECOND);
    sent.observe(&served(60, 0, reset));
    let ready_at = throttle.ready_at(ONE);
    assert_eq!(ready_at, Some(reset));
    let answer = throttle.acquire_within(ONE, 49 * SECOND).await.map(drop);
    assert_eq!(answer, Err(AcquireError::NotInTime { ready_at }));
    assert!(throttle.acquire_within(ONE, 51 * SECOND).await.is_ok());
}
