//! Threads, runtimes and random cancellation: no permit is lost, none is forged, and nobody is
//! stranded.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::Poll,
};

use paceline_admission::Priority;
use paceline_concurrency::Fixed;
use paceline_core::{ManualClock, Quota, Rng, SplitMix64, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::Throttle;
use tokio::{runtime::Runtime, task::yield_now};

const PERMITS: u32 = 3;
const TASKS: u64 = 64;
const ROUNDS: u64 = 60;

#[derive(Default)]
struct Tally {
    in_flight: AtomicU32,
    admitted: AtomicU64,
    given_up: AtomicU64,
}

/// Acquires in a loop, and gives up after a random number of polls in half of its rounds.
async fn work(throttle: Throttle<Gcra>, tally: Arc<Tally>, seed: u64) {
    let mut rng = SplitMix64::new(seed);
    for _ in 0..ROUNDS {
        let draw = rng.next_u64();
        let priority = match draw % 3 {
            0 => Priority::BATCH,
            _ => Priority::INTERACTIVE,
        };
        let mut patience = match draw % 4 {
            0 => 1 + draw / 4 % 5,
            1 => 1,
            _ => u64::MAX,
        };
        let mut acquire = pin!(throttle.acquire(1).with_priority(priority));
        let admitted = poll_fn(|cx| match acquire.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => {
                patience -= 1;
                if patience == 0 {
                    return Poll::Ready(None);
                }
                if patience < 10 {
                    // An impatient one is polled all the time.
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        });
        let Some(admitted) = admitted.await else {
            tally.given_up.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let admitted = admitted.expect("it conforms some day");
        let in_flight = tally.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(in_flight <= PERMITS, "{in_flight} in flight");
        if draw.is_multiple_of(5) {
            yield_now().await;
        }
        tally.in_flight.fetch_sub(1, Ordering::SeqCst);
        drop(admitted);
        tally.admitted.fetch_add(1, Ordering::Relaxed);
    }
}

fn runtime(threads: usize) -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(threads).enable_time();
    builder.build().expect("a runtime")
}

#[test]
fn all_permits_come_back_and_everybody_is_served() {
    // So fast that timers matter, and so slow that the permits do not settle everything.
    let quota = Quota::per_second(50_000).with_burst(20).expect("not zero");
    let throttle = Throttle::builder(Gcra::new(quota))
        .concurrency(Fixed::new(PERMITS))
        .build();
    let tally = Arc::new(Tally::default());
    let runtimes = [runtime(3), runtime(1)];
    let tasks: Vec<_> = (0..TASKS)
        .map(|seed| {
            let task = work(throttle.clone(), Arc::clone(&tally), seed);
            runtimes[usize::from(seed % 4 == 0)].spawn(task)
        })
        .collect();
    runtimes[0].block_on(async {
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (admitted, given_up) = (count(&tally.admitted), count(&tally.given_up));
    assert_eq!(admitted + given_up, TASKS * ROUNDS);
    // Those with patience, half of them, are admitted for certain.
    assert!(admitted >= TASKS * ROUNDS * 2 / 5, "{admitted} admitted");
    assert_eq!((throttle.waiting(), throttle.in_flight()), (0, 0));
}

#[test]
fn a_hundred_threads_share_five_cells() {
    let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let gcra = Gcra::new(Quota::per_day(5));
    paceline_laws::threads_share_exactly(
        5,
        || {
            Throttle::builder(gcra.clone())
                .clock(ManualClock::new(now))
                .build()
        },
        |throttle| throttle.try_acquire(1).is_ok(),
    );
}
