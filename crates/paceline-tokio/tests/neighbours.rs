//! A throttle is a good neighbour: to other tasks, runtimes, processes, and to memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use paceline_composite::{ByDimension, Settling};
use paceline_core::{Demand, Dimension, Quota};
use paceline_gcra::Gcra;
use paceline_tokio::Throttle;
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
    time::timeout,
};

const SECOND: Duration = Duration::from_secs(1);

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_time().start_paused(true);
    builder.build().expect("a runtime")
}

/// Two runtimes share a throttle. The first one serves its task and is not driven any more: its
/// timers never go off, so one of them must not be what the other runtime waits for.
#[test]
fn no_task_waits_for_the_timer_of_another_runtime() {
    let (first, second) = (runtime(), runtime());
    let throttle = Throttle::new(Gcra::new(Quota::per_second(1)));
    drop(throttle.try_acquire(1));
    let ahead = first.spawn({
        let throttle = throttle.clone();
        async move { throttle.acquire(1).await.map(|_| ()) }
    });
    first.block_on(yield_now());
    let behind = second.spawn({
        let throttle = throttle.clone();
        async move { throttle.acquire(1).await.map(|_| ()) }
    });
    second.block_on(yield_now());
    assert_eq!(throttle.waiting(), 2);
    // The clock of the throttle is that of tokio, and starts anew with each runtime.
    assert_eq!(first.block_on(ahead).expect("no panic"), Ok(()));
    assert_eq!(throttle.waiting(), 1);
    let served = second.block_on(async { timeout(100 * SECOND, behind).await });
    assert_eq!(served.expect("its own timer").expect("no panic"), Ok(()));
}

/// A throttle that always admits must not keep its thread.
#[tokio::test(start_paused = true)]
async fn a_task_that_never_has_to_wait_lets_others_run() {
    let throttle = Throttle::new(Gcra::new(Quota::UNLIMITED));
    let done = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn({
        let done = Arc::clone(&done);
        async move { done.store(true, Ordering::SeqCst) }
    });
    while !done.load(Ordering::SeqCst) {
        drop(throttle.acquire(1).await);
    }
    assert!(other.await.is_ok());
}

/// A request that is done keeps nothing open, whether or not its true cost is known.
#[tokio::test(start_paused = true)]
async fn estimates_that_stand_are_not_kept_for_settling() {
    let tokens = Settling::new(Gcra::new(Quota::UNLIMITED));
    let throttle = Throttle::new(ByDimension::new([(Dimension::Tokens, tokens)]));
    let demand = Demand {
        output_tokens: 1,
        ..Demand::default()
    };
    let size = || throttle.update(|limits, _| format!("{limits:?}").len());
    let before = size();
    for round in 0..4_000 {
        let admitted = throttle.acquire(demand).await.expect("unlimited");
        match round % 4 {
            0 => admitted.succeeded(),
            1 => admitted.failed(),
            2 => drop(admitted),
            _ => admitted.settle(demand).expect("in time"),
        }
    }
    let grown = size() - before;
    assert!(grown < 200, "{grown} bytes more");
}

/// Processes that share a key must not come back at the same moments.
#[tokio::test(start_paused = true)]
async fn gates_differ_unless_their_seed_is_stated() {
    let mut times = Vec::new();
    for _ in 0..2 {
        let throttle = Throttle::new(Gcra::new(Quota::UNLIMITED));
        let sent_at = throttle.now();
        throttle.close(sent_at, Some(SECOND));
        let mut passed = Vec::new();
        for _ in 0..16 {
            let at = throttle.acquire(1).await.expect("it opens").at();
            passed.push(at.saturating_duration_since(sent_at).as_millis());
        }
        times.push(passed);
    }
    assert_ne!(times[0], times[1]);
}
