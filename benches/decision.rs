//! What one decision costs when the caller passes `now`, beside the peers in the same run.
//!
//! Time stands still while measuring, in a variable that the compiler cannot see through: peers read
//! a clock that costs one load, as a caller's variable does. Those that read a real clock say so.

use std::{hint::black_box, num::NonZeroU32, time::Duration};

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use governor::{Quota as Peer, RateLimiter, clock::FakeRelativeClock};
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_quota::{QuotaTracker, Window};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// A point in time that no constant folds away.
const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_123_456_789);
/// So large that no run of a benchmark spends it.
const ENDLESS: u64 = 1 << 50;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    admitted(&mut c, "admitted, cost 1", 1);
    admitted(&mut c, "admitted, cost 1000", 1_000);
    denied(&mut c, "denied, whether", Ask::Whether);
    denied(&mut c, "denied, when", Ask::When);
    log(&mut c);
    c.final_summary();
}

fn admitted(c: &mut Criterion, name: &str, cost: u64) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    let quota = Quota::per_minute(450_000_000)
        .with_burst(ENDLESS)
        .expect("not zero");
    let window = Quota::per_minute(ENDLESS);
    ours(&mut group, "gcra", Gcra::new(quota), cost);
    ours(&mut group, "token-bucket", TokenBucket::new(quota), cost);
    ours(
        &mut group,
        "stepped-bucket",
        SteppedBucket::new(quota, Timestamp::EPOCH),
        cost,
    );
    let counter = SlidingCounter::new(window, Estimate::Weighted);
    ours(&mut group, "sliding-counter", counter, cost);
    let tracker = QuotaTracker::new(ENDLESS, Window::fixed(Duration::from_secs(86_400)));
    ours(&mut group, "quota, fixed window", tracker, cost);

    let clock = FakeRelativeClock::default();
    let peer = RateLimiter::direct_with_clock(governor_quota(), clock.clone());
    if cost == 1 {
        group.bench_function("peer: governor, fake clock", |b| {
            b.iter(|| black_box(peer.check().is_ok()));
        });
    } else {
        // Its burst has 32 bits and would not last: the clock has to move on.
        let cells = NonZeroU32::new(u32::try_from(cost).expect("small")).expect("not zero");
        group.bench_function("peer: governor, fake clock, moved on each time", |b| {
            b.iter(|| {
                clock.advance(Duration::from_nanos(cost));
                black_box(peer.check_n(cells).is_ok_and(|fits| fits.is_ok()))
            });
        });
    }
    let peer = ratelimit::Ratelimiter::builder(u64::from(u32::MAX))
        .max_tokens(ENDLESS / 1_000_000)
        .initial_available(ENDLESS / 1_000_000)
        .build()
        .expect("the configuration is legal");
    group.bench_function("peer: ratelimit, real clock", |b| {
        b.iter(|| black_box(peer.try_wait_n(black_box(cost)).is_ok()));
    });
    let runtime = runtime();
    let _inside = runtime.enter();
    let peer = leaky_bucket::RateLimiter::builder()
        .max(1 << 50)
        .initial(1 << 50)
        .interval(Duration::from_millis(1))
        .build();
    let permits = usize::try_from(cost).expect("small");
    group.bench_function("peer: leaky-bucket, real clock", |b| {
        b.iter(|| black_box(peer.try_acquire(black_box(permits))));
    });
    group.finish();
}

fn ours(group: &mut Group<'_>, name: &str, mut limiter: impl Limiter, cost: u64) {
    group.bench_function(name, |b| {
        b.iter(|| black_box(limiter.try_acquire(black_box(NOW), black_box(cost)).is_ok()));
    });
}

/// Refusals, with and without the time from which the request would conform.
///
/// Ours always carries it, so leaving it unread lets the compiler leave out most of its arithmetic;
/// governor computes it on demand.
fn denied(c: &mut Criterion, name: &str, ask: Ask) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    let quota = Quota::per_minute(60);
    spent(&mut group, "gcra", Gcra::new(quota), ask);
    spent(&mut group, "token-bucket", TokenBucket::new(quota), ask);
    let stepped = SteppedBucket::new(quota, Timestamp::EPOCH);
    spent(&mut group, "stepped-bucket", stepped, ask);
    let counter = SlidingCounter::new(quota, Estimate::Weighted);
    spent(&mut group, "sliding-counter", counter, ask);
    let tracker = QuotaTracker::new(60, Window::fixed(Duration::from_secs(60)));
    spent(&mut group, "quota, fixed window", tracker, ask);

    let one = Peer::per_minute(NonZeroU32::new(60).expect("not zero"));
    let clock = FakeRelativeClock::default();
    let peer = RateLimiter::direct_with_clock(one, clock.clone());
    while peer.check().is_ok() {}
    let now = governor::clock::Clock::now(&clock);
    group.bench_function("peer: governor, fake clock", |b| match ask {
        Ask::Whether => b.iter(|| black_box(peer.check().is_err())),
        Ask::When => b.iter(|| {
            let denied = peer.check().expect_err("it is spent");
            black_box(denied.wait_time_from(black_box(now)).as_nanos())
        }),
    });
    let peer = ratelimit::Ratelimiter::builder(1)
        .period(Duration::from_secs(3_600))
        .build()
        .expect("the configuration is legal");
    group.bench_function("peer: ratelimit, real clock", |b| {
        b.iter(|| black_box(peer.try_wait().is_err()));
    });
    let runtime = runtime();
    let _inside = runtime.enter();
    let peer = leaky_bucket::RateLimiter::builder()
        .max(1)
        .interval(Duration::from_secs(3_600))
        .build();
    group.bench_function("peer: leaky-bucket, real clock", |b| {
        b.iter(|| black_box(peer.try_acquire(1)));
    });
    group.finish();
}

/// What is read of a refusal.
#[derive(Clone, Copy)]
enum Ask {
    Whether,
    When,
}

fn spent(group: &mut Group<'_>, name: &str, mut limiter: impl Limiter, ask: Ask) {
    let left = limiter.available(NOW);
    limiter.charge(NOW, left);
    let mut decide = move || limiter.try_acquire(black_box(NOW), black_box(1));
    group.bench_function(name, |b| match ask {
        Ask::Whether => b.iter(|| black_box(decide().is_err())),
        Ask::When => b.iter(|| {
            let denied = decide().expect_err("it is spent");
            black_box(denied.retry_at().map_or(0, Timestamp::as_nanos))
        }),
    });
}

/// The exact log with 1,000 live entries: admitting evicts one for each that it adds.
fn log(c: &mut Criterion) {
    let mut group = c.benchmark_group("exact log of 1,000 entries");
    group.throughput(Throughput::Elements(1));
    let quota = Quota::per_second(1_000);
    let step = Duration::from_millis(1);
    let full = || {
        let (mut log, mut now) = (SlidingLog::new(quota), NOW);
        for _ in 0..1_000 {
            now = now.saturating_add(step);
            log.try_acquire(now, 1).expect("there is room");
        }
        (log, now)
    };
    group.bench_function("admitted", |b| {
        let (mut log, mut now) = full();
        b.iter(|| {
            now = Timestamp::from_nanos(now.as_nanos() + 1_000_000);
            black_box(log.try_acquire(black_box(now), 1).is_ok())
        });
        assert_eq!(log.entries(), 1_000);
    });
    group.bench_function("denied", |b| {
        let (mut log, now) = full();
        b.iter(|| black_box(log.try_acquire(black_box(now), 1).is_ok()));
    });
    group.bench_function("denied, cost 500", |b| {
        let (mut log, now) = full();
        b.iter(|| black_box(log.try_acquire(black_box(now), black_box(500)).is_ok()));
    });
    group.finish();
}

fn governor_quota() -> Peer {
    let most = NonZeroU32::MAX;
    // 10^9 a second is the finest that whole nanoseconds express; the burst outlasts the run.
    Peer::per_second(NonZeroU32::new(1_000_000_000).expect("not zero")).allow_burst(most)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing")
}
