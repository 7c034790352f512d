//! Waiting is fair, leaves no trace when given up, and wakes one task per admission.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_composite::{ByDimension, Settling};
use paceline_concurrency::Fixed;
use paceline_core::{Demand, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{Acquire, Throttle, TokioClock};
use tokio::time::{Instant, sleep, timeout};

use waiters::{per_second, waiter};

mod waiters;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let throttle = per_second(10, 10);
    drop(throttle.acquire(10).await);
    let (start, mut tasks) = (Instant::now(), Vec::new());
    for _ in 0..50 {
        tasks.push(waiter(&throttle, 1, Priority::INTERACTIVE).await);
    }
    assert_eq!(throttle.waiting(), 50);
    for (index, task) in tasks.into_iter().enumerate() {
        let index = u32::try_from(index).expect("50");
        let ideal = (index + 1) * SECOND / 10;
        let took = task.await.expect("no panic");
        assert!(ideal <= took && took <= ideal + 2 * MS, "{index}: {took:?}");
    }
    assert!(start.elapsed() <= 5 * SECOND + 2 * MS);
}

/// Eight tasks take one cell in a loop, and one waits for 80 of a burst of 100.
#[tokio::test(start_paused = true)]
async fn a_request_for_much_is_not_starved_by_requests_for_little() {
    let throttle = per_second(100, 100);
    drop(throttle.acquire(100).await);
    for _ in 0..8 {
        let throttle = throttle.clone();
        tokio::spawn(async move {
            loop {
                drop(throttle.acquire(1).await);
            }
        });
    }
    sleep(SECOND / 2).await;
    let start = Instant::now();
    drop(throttle.acquire(80).await.expect("80 of 100"));
    // 80 cells replenish in 800 ms, and the eight that were in line took one each.
    let took = start.elapsed();
    assert!(took <= 880 * MS + 2 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_leaves_no_trace() {
    let throttle = per_second(10, 10);
    drop(throttle.acquire(10).await);
    let mut given_up = Vec::new();
    for _ in 0..20 {
        given_up.push(waiter(&throttle, 7, Priority::INTERACTIVE).await);
    }
    let last = waiter(&throttle, 1, Priority::INTERACTIVE).await;
    sleep(50 * MS).await;
    for task in &given_up {
        task.abort();
    }
    let took = last.await.expect("no panic");
    assert!(took <= 102 * MS, "{took:?}");
    // Nothing but the last one's cell was spent.
    sleep(SECOND).await;
    assert!(throttle.try_acquire(10).is_ok());
    assert_eq!(throttle.waiting(), 0);
}

/// A future that is dropped after it was woken, but before it asked again.
#[tokio::test(start_paused = true)]
async fn a_wake_up_that_nobody_takes_is_passed_on() {
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(Fixed::new(1))
        .build();
    let held = throttle.acquire(1).await.expect("a permit is free");
    let mut first = Box::pin(throttle.acquire(1));
    assert!(poll(&mut first, Waker::noop()).is_pending());
    let second = tokio::spawn({
        let throttle = throttle.clone();
        async move { throttle.acquire(1).await.map(|_| ()) }
    });
    tokio::task::yield_now().await;
    drop(held);
    drop(first);
    let answer = timeout(SECOND, second).await.expect("it is woken");
    assert_eq!(answer.expect("no panic"), Ok(()));
}

fn poll<F: Future>(future: &mut Pin<Box<F>>, waker: &Waker) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

/// Counts how often a future is polled.
struct Counted {
    acquire: Acquire<Gcra>,
    polls: Arc<AtomicU64>,
}

impl Future for Counted {
    type Output = <Acquire<Gcra> as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        pin!(&mut self.acquire).poll(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn four_thousand_waiters_take_one_wake_up_each_and_keep_their_order() {
    let throttle = per_second(1_000, 10);
    drop(throttle.acquire(10).await);
    let (start, polls) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let served = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..4_000)
        .map(|index| {
            let (acquire, polls) = (throttle.acquire(1), Arc::clone(&polls));
            let served = Arc::clone(&served);
            tokio::spawn(async move {
                let counted = Counted { acquire, polls };
                drop(counted.await.expect("it conforms some day"));
                assert_eq!(
                    served.fetch_add(1, Ordering::Relaxed),
                    index,
                    "out of order"
                );
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("in order");
    }
    let took = start.elapsed();
    assert!(
        4 * SECOND <= took && took <= 4 * SECOND + 5 * MS,
        "{took:?}"
    );
    // Each is polled once to take its place, and once when it is its turn.
    let polls = polls.load(Ordering::Relaxed);
    assert!(polls <= 2 * 4_000 + 1, "{polls} polls");
}

#[tokio::test(start_paused = true)]
async fn interactive_requests_pass_batch_requests_but_not_for_ever() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let batch = Priority::yielding_for(5 * SECOND);
    let batch = waiter(&throttle, 1, batch).await;
    let mut urgent = Vec::new();
    for _ in 0..20 {
        urgent.push(waiter(&throttle, 1, Priority::INTERACTIVE).await);
        urgent.push(waiter(&throttle, 1, Priority::INTERACTIVE).await);
        sleep(SECOND / 2).await;
    }
    // Those who arrived within its 5 s pass: 20 of them, one a second.
    let took = batch.await.expect("no panic");
    assert!(20 * SECOND < took && took < 22 * SECOND, "{took:?}");
    let first = urgent.swap_remove(0).await.expect("no panic");
    assert!(first <= SECOND + 2 * MS, "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn an_urgent_newcomer_does_not_take_the_heads_timer_away() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let batch = waiter(&throttle, 1, Priority::BATCH).await;
    let urgent = waiter(&throttle, 1, Priority::INTERACTIVE).await;
    urgent.abort();
    let took = batch.await.expect("no panic");
    assert!(took <= SECOND + 2 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn settling_serves_those_who_wait_sooner() {
    let tokens = Settling::new(Gcra::new(Quota::per_minute(6_000)));
    let limits = ByDimension::new([(Dimension::Tokens, tokens)]);
    let clock = TokioClock::starting_at(Timestamp::EPOCH);
    let throttle = Throttle::builder(limits).clock(clock).build();
    let demand = |tokens| Demand {
        output_tokens: tokens,
        ..Demand::default()
    };
    let first = throttle.acquire(demand(6_000)).await.expect("the burst");
    let next = tokio::spawn({
        let throttle = throttle.clone();
        async move {
            throttle
                .acquire(demand(3_000))
                .await
                .map(|admitted| admitted.at())
        }
    });
    sleep(SECOND).await;
    assert_eq!(first.settle(demand(500)), Ok(()));
    let at = next.await.expect("no panic").expect("it conforms");
    assert_eq!(at, Timestamp::EPOCH.saturating_add(SECOND));
    let cancelled = throttle.try_acquire(demand(2_000)).expect("2,600 are left");
    assert_eq!(cancelled.cancel(), Ok(()));
    assert!(throttle.try_acquire(demand(2_600)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_change_of_limits_reaches_those_who_wait() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let waiting = waiter(&throttle, 1, Priority::INTERACTIVE).await;
    throttle.update(|gcra, now| gcra.set_quota(now, Quota::per_second(100)));
    let took = waiting.await.expect("no panic");
    assert!(took <= 12 * MS, "{took:?}");
    let left = throttle.update(|gcra, now| gcra.available(now));
    assert!(left < 100);
}

/// A throttle may outlive the runtime in which it was first waited for.
#[test]
fn a_throttle_serves_one_runtime_after_another() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime")
    };
    let throttle = runtime().block_on(async {
        let throttle = per_second(1_000, 1);
        drop(throttle.acquire(1).await);
        drop(throttle.acquire(1).await);
        throttle
    });
    runtime().block_on(async {
        drop(throttle.acquire(1).await);
        drop(throttle.acquire(1).await);
    });
}
