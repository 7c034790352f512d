//! What one decision costs on a shared limiter, from one thread and from two, real clocks included.

use std::{
    hint::black_box,
    num::NonZeroU32,
    sync::{Arc, Barrier, Mutex},
    thread,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use governor::{Quota as Peer, RateLimiter, clock::DefaultClock};
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    for threads in [1, 2] {
        shared(&mut c, threads);
    }
    c.final_summary();
}

fn shared(c: &mut Criterion, threads: u64) {
    let mut group = c.benchmark_group(format!("shared, {threads} threads"));
    group.throughput(Throughput::Elements(threads));

    let endless = Quota::per_second(1_000_000_000)
        .with_burst(1 << 50)
        .expect("not zero");
    let gcra = Arc::new(Mutex::new(Gcra::new(endless)));
    let start = clock();
    group.bench_function("gcra in std's Mutex, std's Instant", |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, || {
                let now = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let mut gcra = gcra.lock().expect("no thread panics while it decides");
                gcra.try_acquire(Timestamp::from_nanos(now), 1).is_ok()
            })
        });
    });

    let most = NonZeroU32::MAX;
    let rate = NonZeroU32::new(1_000_000_000).expect("not zero");
    let quota = Peer::per_second(rate).allow_burst(most);
    let peer = RateLimiter::direct_with_clock(quota, DefaultClock::default());
    group.bench_function("peer: governor, quanta", |b| {
        b.iter_custom(|rounds| together(threads, rounds, || peer.check().is_ok()));
    });
    let peer = ratelimit::Ratelimiter::builder(u64::from(u32::MAX))
        .max_tokens(1 << 30)
        .initial_available(1 << 30)
        .build()
        .expect("the configuration is legal");
    group.bench_function("peer: ratelimit, std's Instant", |b| {
        b.iter_custom(|rounds| together(threads, rounds, || peer.try_wait().is_ok()));
    });
    let peer = leaky_bucket::RateLimiter::builder()
        .max(1 << 50)
        .initial(1 << 50)
        .interval(Duration::from_millis(1))
        .build();
    group.bench_function("peer: leaky-bucket, tokio's Instant", |b| {
        b.iter_custom(|rounds| together(threads, rounds, || peer.try_acquire(1)));
    });
    group.finish();
}

/// The time in which every thread made so many decisions, started together.
fn together(threads: u64, rounds: u64, decide: impl Fn() -> bool + Sync) -> Duration {
    let barrier = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let (barrier, decide) = (&barrier, &decide);
    let run = move || {
        barrier.wait();
        let start = clock();
        for _ in 0..rounds {
            black_box(decide());
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mine = run();
        let theirs = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default());
        theirs.fold(mine, Duration::max)
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn clock() -> Instant {
    Instant::now()
}
