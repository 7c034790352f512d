//! What waiting costs, in which order tasks are served, and whether large requests starve.
//!
//! It runs in real time, about half a minute, on one thread, and prints a table in markdown.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::{
    future::{Future, poll_fn},
    num::NonZeroU32,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;
use governor::{DefaultDirectRateLimiter, Quota as Peer, RateLimiter};
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::{SystemClock, Throttle};
use tokio::{runtime::Runtime, time::timeout};

/// After which a request counts as starved.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() {
    println!(
        "| waiting, 1,000 a second | tasks | wake-ups per admission | pairs out of order | CPU s | wall s | ideal s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for tasks in [100, 1_000, 4_000] {
        queue::<Ours>(tasks);
        queue::<Fair<1>>(tasks);
        queue::<Fair<10>>(tasks);
        queue::<Governor>(tasks);
    }
    println!();
    println!("| 80 of 100 beside eight who take 1 in a loop, 100 a second | served after |");
    println!("| --- | ---: |");
    starve::<Ours>();
    starve::<Fair<10>>();
    starve::<Governor>();
    println!("| ideal: (80 cells + 8 ahead) / 100 a second | 0.88 s |");
    println!();
    println!("| admitted at once | ns per acquisition |");
    println!("| --- | ---: |");
    at_once::<Ours>();
    at_once::<Fair<10>>();
    at_once::<Governor>();
}

/// A limiter that tasks wait for.
trait Waits: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    /// Makes one with its burst to be had.
    fn new(per_second: u32, burst: u32) -> Self;

    /// Takes its burst.
    fn drain(&self, burst: u32);

    fn acquire(&self, cells: u32) -> impl Future<Output = ()> + Send + 'static;
}

#[derive(Clone)]
struct Ours(Throttle<Gcra>);

impl Waits for Ours {
    const NAME: &'static str = "**Throttle**";

    fn new(per_second: u32, burst: u32) -> Self {
        let quota = Quota::per_second(per_second.into()).with_burst(burst.into());
        let throttle = Throttle::builder(Gcra::new(quota.expect("not zero")))
            .clock(SystemClock::new())
            .build();
        Self(throttle)
    }

    fn drain(&self, burst: u32) {
        drop(self.0.try_acquire(burst.into()));
    }

    fn acquire(&self, cells: u32) -> impl Future<Output = ()> + Send + 'static {
        let acquire = self.0.acquire(cells.into());
        async { drop(acquire.await.expect("within the burst")) }
    }
}

#[derive(Clone)]
struct Fair<const EVERY_MS: u32>(Arc<leaky_bucket::RateLimiter>);

impl<const EVERY_MS: u32> Waits for Fair<EVERY_MS> {
    const NAME: &'static str = match EVERY_MS {
        1 => "leaky-bucket, fair, refilled each ms",
        _ => "leaky-bucket, fair, refilled each 10 ms",
    };

    fn new(per_second: u32, burst: u32) -> Self {
        let burst = usize::try_from(burst).expect("small");
        let refill = usize::try_from(per_second * EVERY_MS / 1_000).expect("small");
        let limiter = leaky_bucket::RateLimiter::builder()
            .max(burst)
            .initial(burst)
            .refill(refill)
            .interval(Duration::from_millis(EVERY_MS.into()))
            .build();
        Self(Arc::new(limiter))
    }

    fn drain(&self, burst: u32) {
        self.0.try_acquire(usize::try_from(burst).expect("small"));
    }

    fn acquire(&self, cells: u32) -> impl Future<Output = ()> + Send + 'static {
        let cells = usize::try_from(cells).expect("small");
        Arc::clone(&self.0).acquire_owned(cells)
    }
}

#[derive(Clone)]
struct Governor(Arc<DefaultDirectRateLimiter>);

impl Waits for Governor {
    const NAME: &'static str = "governor";

    fn new(per_second: u32, burst: u32) -> Self {
        let cells = |cells| NonZeroU32::new(cells).expect("not zero");
        let quota = Peer::per_second(cells(per_second)).allow_burst(cells(burst));
        Self(Arc::new(RateLimiter::direct(quota)))
    }

    fn drain(&self, burst: u32) {
        let burst = NonZeroU32::new(burst).expect("not zero");
        assert!(matches!(self.0.check_n(burst), Ok(Ok(()))));
    }

    fn acquire(&self, cells: u32) -> impl Future<Output = ()> + Send + 'static {
        let limiter = Arc::clone(&self.0);
        let cells = NonZeroU32::new(cells).expect("not zero");
        async move {
            limiter
                .until_n_ready(cells)
                .await
                .expect("within the burst")
        }
    }
}

/// So many tasks take their places in order, and wait for 1,000 a second.
fn queue<W: Waits>(count: u32) {
    let (polls, served) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let (cpu, wall) = runtime().block_on(async {
        let limiter = W::new(1_000, 10);
        limiter.drain(10);
        let (cpu, wall) = (ProcessTime::now(), clock());
        let tasks: Vec<_> = (0..count)
            .map(|index| {
                let (limiter, polls) = (limiter.clone(), Arc::clone(&polls));
                let served = Arc::clone(&served);
                tokio::spawn(async move {
                    let mut acquire = pin!(limiter.acquire(1));
                    poll_fn(|cx| {
                        polls.fetch_add(1, Ordering::Relaxed);
                        acquire.as_mut().poll(cx)
                    })
                    .await;
                    served.lock().expect("no panic").push(index);
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        (cpu.elapsed(), wall.elapsed())
    });
    // The first poll of each takes its place.
    let wakes = polls.load(Ordering::Relaxed).saturating_sub(count.into());
    let per_admission = f64::from(u32::try_from(wakes).unwrap_or(u32::MAX)) / f64::from(count);
    let served = served.lock().expect("no panic");
    let disorder = 100.0 * out_of_order(&served);
    println!(
        "| {} | {count} | {per_admission:.2} | {disorder:.2} % | {:.3} | {:.3} | {:.1} |",
        W::NAME,
        cpu.as_secs_f64(),
        wall.as_secs_f64(),
        f64::from(count) / 1_000.0,
    );
}

/// The share of all pairs in which the later one was served first.
fn out_of_order(served: &[u32]) -> f64 {
    let (mut wrong, mut pairs) = (0_u32, 0_u32);
    for (index, first) in served.iter().enumerate() {
        for second in &served[index + 1..] {
            pairs += 1;
            wrong += u32::from(second < first);
        }
    }
    f64::from(wrong) / f64::from(pairs)
}

/// Eight tasks take one cell in a loop, and one wants 80 of a burst of 100, at 100 a second.
fn starve<W: Waits>() {
    let served = runtime().block_on(async {
        let limiter = W::new(100, 100);
        limiter.drain(100);
        for _ in 0..8 {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                loop {
                    limiter.acquire(1).await;
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let start = clock();
        let served = timeout(PATIENCE, limiter.acquire(80)).await;
        served.ok().map(|()| start.elapsed())
    });
    match served {
        Some(took) => println!("| {} | {:.3} s |", W::NAME, took.as_secs_f64()),
        None => println!("| {} | not within {} s |", W::NAME, PATIENCE.as_secs()),
    }
}

/// Nobody has to wait: what an acquisition costs at least, clock and task included.
fn at_once<W: Waits>() {
    const ROUNDS: u32 = 1_000_000;
    let took = runtime().block_on(async {
        let limiter = W::new(1_000, 1_000_000_000);
        let start = clock();
        for _ in 0..ROUNDS {
            limiter.acquire(1).await;
        }
        start.elapsed()
    });
    println!(
        "| {} | {:.0} |",
        W::NAME,
        (took / ROUNDS).as_secs_f64() * 1e9
    );
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn clock() -> Instant {
    Instant::now()
}
