//! Whoever is next is woken once, whatever happens meanwhile, and nobody else is.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_concurrency::Fixed;
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::{Acquire, AcquireError, Throttle};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn per_second(limit: u64, burst: u64) -> Throttle<Gcra> {
    let quota = Quota::per_second(limit);
    Throttle::new(Gcra::new(quota.with_burst(burst).expect("not zero")))
}

/// An acquisition that is polled by hand, by a waker that counts.
struct ByHand {
    acquire: Pin<Box<Acquire<Gcra>>>,
    wakes: Arc<Counter>,
}

#[derive(Default)]
struct Counter(AtomicU64);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl ByHand {
    fn new(throttle: &Throttle<Gcra>, priority: Priority) -> Self {
        let mut new = Self {
            acquire: Box::pin(throttle.acquire(1).with_priority(priority)),
            wakes: Arc::default(),
        };
        assert!(!new.is_admitted());
        new
    }

    fn is_admitted(&mut self) -> bool {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.poll(&waker).is_ready()
    }

    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let polled = self.acquire.as_mut().poll(&mut Context::from_waker(waker));
        polled.map(|answer| drop(answer.expect("it conforms some day")))
    }

    fn wakes(&self) -> u64 {
        self.wakes.0.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn the_waker_of_the_last_poll_is_the_one_that_counts() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let mut first = ByHand::new(&throttle, Priority::INTERACTIVE);
    let mut second = ByHand::new(&throttle, Priority::INTERACTIVE);
    // Both move to other tasks: the head, whose timer is set, and the one behind it.
    let (old, old_second) = (Arc::clone(&first.wakes), Arc::clone(&second.wakes));
    (first.wakes, second.wakes) = (Arc::default(), Arc::default());
    assert!(!first.is_admitted() && !second.is_admitted());
    sleep(SECOND + 2 * MS).await;
    assert_eq!((old.0.load(Ordering::SeqCst), first.wakes()), (0, 1));
    assert!(first.is_admitted());
    sleep(SECOND + 2 * MS).await;
    assert_eq!(
        (old_second.0.load(Ordering::SeqCst), second.wakes()),
        (0, 1)
    );
    assert!(second.is_admitted());
}

#[tokio::test(start_paused = true)]
async fn one_that_was_passed_and_comes_first_again_is_woken() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let mut patient = ByHand::new(&throttle, Priority::BATCH);
    sleep(SECOND / 2).await;
    let urgent = ByHand::new(&throttle, Priority::INTERACTIVE);
    assert_eq!(patient.wakes(), 0);
    // The timer goes to the urgent one; when that gives up, the patient one must set it again.
    drop(urgent);
    assert_eq!(patient.wakes(), 1);
    assert!(!patient.is_admitted());
    sleep(SECOND / 2 + 2 * MS).await;
    assert_eq!(patient.wakes(), 2);
    assert!(patient.is_admitted());
}

/// Its timer went off while it was passed, so there is none any more.
#[tokio::test(start_paused = true)]
async fn one_whose_timer_went_off_in_vain_is_woken() {
    let throttle = Throttle::builder(Gcra::new(Quota::per_second(1)))
        .concurrency(Fixed::new(1))
        .build();
    let held = throttle.acquire(1).await.expect("it is idle");
    let mut patient = ByHand::new(&throttle, Priority::BATCH);
    sleep(SECOND + 2 * MS).await;
    // It was woken, but an urgent one is first, and waits for the permit.
    let urgent = ByHand::new(&throttle, Priority::INTERACTIVE);
    assert!(!patient.is_admitted());
    assert_eq!(patient.wakes(), 1);
    // When that gives up, the gate has closed, and the patient one must set the timer again.
    throttle.close(held.at(), Some(10 * SECOND));
    drop(urgent);
    assert_eq!(patient.wakes(), 2, "nobody woke it");
    assert!(!patient.is_admitted());
    drop(held);
    sleep(11 * SECOND).await;
    assert_eq!(patient.wakes(), 3);
    assert!(patient.is_admitted());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_leaves_no_wake_up_behind() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let given_up = ByHand::new(&throttle, Priority::INTERACTIVE);
    let (wakes, mut served) = (
        Arc::clone(&given_up.wakes),
        ByHand::new(&throttle, Priority::BATCH),
    );
    drop(given_up);
    // Neither the line nor the timer keeps a waker, and with it a task, alive.
    assert_eq!(Arc::strong_count(&wakes), 1);
    assert!(!served.is_admitted());
    throttle.update(|gcra, now| gcra.set_quota(now, Quota::UNLIMITED));
    assert!(served.is_admitted());
    assert_eq!(Arc::strong_count(&served.wakes), 1);
    let before = (served.wakes(), wakes.0.load(Ordering::SeqCst));
    sleep(2 * SECOND).await;
    let after = (served.wakes(), wakes.0.load(Ordering::SeqCst));
    assert_eq!(before, after);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_the_head_does_not_wake_it() {
    let throttle = Throttle::builder(Gcra::new(Quota::per_minute(2)))
        .concurrency(Fixed::new(2))
        .build();
    let (a, b) = (throttle.acquire(1).await, throttle.acquire(1).await);
    let mut next = ByHand::new(&throttle, Priority::INTERACTIVE);
    // A permit comes back, but what it waits for is the limit, and the timer is set.
    drop(a);
    assert_eq!(next.wakes(), 0);
    throttle.update(|_, _| {});
    assert_eq!(next.wakes(), 0);
    sleep(31 * SECOND).await;
    assert_eq!(next.wakes(), 1);
    assert!(next.is_admitted());
    drop(b);
}

/// With a permit for one at a time, whoever is admitted leaves none for the next.
#[tokio::test(start_paused = true)]
async fn permits_take_one_wake_up_each() {
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(Fixed::new(1))
        .build();
    let mut held = Some(throttle.acquire(1).await.expect("a permit is free"));
    let polls = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (mut acquire, polls) = (throttle.acquire(1), Arc::clone(&polls));
            tokio::spawn(async move {
                let counted = std::future::poll_fn(|cx| {
                    polls.fetch_add(1, Ordering::SeqCst);
                    Pin::new(&mut acquire).poll(cx)
                });
                let admitted = counted.await.expect("it is served");
                sleep(MS).await;
                drop(admitted);
            })
        })
        .collect();
    yield_now().await;
    drop(held.take());
    for task in tasks {
        task.await.expect("no panic");
    }
    // One poll to take a place, and one when a permit is there.
    assert_eq!(polls.load(Ordering::SeqCst), 200);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_closes_while_the_timer_is_set_delays_and_strands_nobody() {
    let throttle = per_second(1, 1);
    let sent_at = throttle.acquire(1).await.expect("it is idle").at();
    let waiting = tokio::spawn({
        let throttle = throttle.clone();
        async move { throttle.acquire(1).await.map(|admitted| admitted.at()) }
    });
    sleep(SECOND / 2).await;
    throttle.close(sent_at, Some(10 * SECOND));
    let at = waiting.await.expect("no panic").expect("it conforms");
    let waited = at.saturating_duration_since(sent_at);
    assert!(waited >= 10 * SECOND + SECOND / 2, "{waited:?}");
    assert!(waited <= 11 * SECOND, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cost_that_can_conform_no_more_is_refused_and_those_behind_it_served() {
    let throttle = per_second(10, 10);
    drop(throttle.acquire(10).await);
    let (large, small) = (throttle.acquire(9), throttle.acquire(1));
    let (large, small) = (tokio::spawn(large), tokio::spawn(small));
    yield_now().await;
    let smaller = Quota::per_second(10).with_burst(5).expect("not zero");
    throttle.update(|gcra, now| gcra.set_quota(now, smaller));
    let refused = large.await.expect("no panic").map(|_| ());
    assert_eq!(refused, Err(AcquireError::TooLarge { max: 5 }));
    let served = timeout(SECOND, small).await.expect("it is woken");
    assert!(served.expect("no panic").is_ok());
}

/// A waker that runs code of the throttle's user when it is dropped or woken.
struct Reentrant {
    throttle: Throttle<Gcra>,
    calls: Arc<AtomicU64>,
}

impl Wake for Reentrant {
    fn wake(self: Arc<Self>) {
        drop(self);
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        // It would wait for ever if the throttle held its lock meanwhile.
        let _ = self.throttle.waiting();
        self.calls.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn wakers_are_woken_and_dropped_outside_of_the_lock() {
    let throttle = per_second(1, 1);
    drop(throttle.acquire(1).await);
    let calls = Arc::new(AtomicU64::new(0));
    let waker = || {
        Waker::from(Arc::new(Reentrant {
            throttle: throttle.clone(),
            calls: Arc::clone(&calls),
        }))
    };
    let mut first = ByHand::new(&throttle, Priority::INTERACTIVE);
    let mut second = ByHand::new(&throttle, Priority::INTERACTIVE);
    // The head's waker is replaced twice, by one that only the line and the timer keep.
    assert!(first.poll(&waker()).is_pending());
    assert!(first.poll(&waker()).is_pending());
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    // The timer wakes it, and drops what it kept.
    sleep(SECOND + 2 * MS).await;
    assert!(first.is_admitted());
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    // One that is not the head, then is, and gives up.
    assert!(second.poll(&waker()).is_pending());
    drop(second);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    // One that is woken by a change.
    let mut third = ByHand::new(&throttle, Priority::INTERACTIVE);
    assert!(third.poll(&waker()).is_pending());
    throttle.update(|gcra, now| gcra.set_quota(now, Quota::UNLIMITED));
    assert!(third.is_admitted());
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}
