//! What one decision costs on a store of one limiter per key, and how much memory a key takes.
//!
//! Keys are asked for in random order. Both stores are shared between threads; ours is also measured
//! as the plain one that a single owner holds.

use std::{alloc::System, hint::black_box, io, io::Write, num::NonZeroU32};

use criterion::{BenchmarkId, Criterion, Throughput};
use foldhash::fast::RandomState as Foldhash;
use governor::{
    Quota as Peer, RateLimiter,
    clock::{Clock as PeerClock, DefaultClock, FakeRelativeClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use paceline_benches::{QuantaClock, together};
use paceline_core::{Clock, Quota, Rng, SplitMix64, Timestamp};
use paceline_keyed::{Keyed, SharedKeyed};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A point in time that no constant folds away.
const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_123_456_789);
type PeerStore<S, C> =
    RateLimiter<u64, DashMapStateStore<u64, S>, C, NoOpMiddleware<<C as PeerClock>::Instant>>;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    memory(1_000_000).expect("standard output is there");
    for keys in [1, 10_000, 1_000_000] {
        real_clock(&mut c, keys, 1);
        real_clock(&mut c, keys, 2);
        passed_clock(&mut c, keys);
    }
    denied(&mut c, 10_000);
    c.final_summary();
}

/// Random keys, one after the other and again from the start.
struct Asked(Vec<u64>);

impl Asked {
    fn new(keys: u64) -> Self {
        let mut rng = SplitMix64::new(keys);
        Self((0..1 << 20).map(|_| rng.next_u64() % keys).collect())
    }

    /// Each thread starts elsewhere.
    fn each(&self, thread: u64) -> impl FnMut() -> u64 {
        let skip = usize::try_from(thread).unwrap_or(0) * 333_333;
        let mut keys = self.0.iter().cycle().skip(skip);
        move || keys.next().copied().unwrap_or(0)
    }
}

fn size(keys: u64) -> usize {
    usize::try_from(keys).unwrap_or(0)
}

/// Replenishes faster than anybody asks.
fn endless() -> Quota {
    Quota::per_second(1_000_000_000)
        .with_burst(u64::from(u32::MAX))
        .expect("not zero")
}

fn peer_endless() -> Peer {
    let rate = NonZeroU32::new(1_000_000_000).expect("not zero");
    Peer::per_second(rate).allow_burst(NonZeroU32::MAX)
}

fn shared(quota: Quota, keys: u64, now: Timestamp) -> SharedKeyed<u64> {
    let store = SharedKeyed::new(quota, size(keys), now);
    for key in 0..keys {
        store.try_acquire(now, &key, 1).expect("there is room");
    }
    assert_eq!(store.len(), size(keys));
    store
}

fn peer<S, C>(quota: Peer, keys: u64, clock: C) -> PeerStore<S, C>
where
    S: std::hash::BuildHasher + Clone + Default,
    C: PeerClock,
{
    let store = RateLimiter::dashmap_with_clock_and_hasher(quota, clock, S::default());
    for key in 0..keys {
        store.check_key(&key).expect("it is fresh");
    }
    store
}

fn real_clock(c: &mut Criterion, keys: u64, threads: u64) {
    let mut group = c.benchmark_group(format!("keyed, real clock, {threads} threads"));
    group.throughput(Throughput::Elements(threads));
    let (asked, clock) = (Asked::new(keys), QuantaClock::default());

    let store = shared(endless(), keys, clock.now());
    group.bench_function(BenchmarkId::new("shared, quanta", keys), |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |thread| {
                let (mut next, clock, store) = (asked.each(thread), &clock, &store);
                move || store.try_acquire(clock.now(), &next(), 1).is_ok()
            })
        });
    });
    drop(store);
    if threads == 1 {
        // All at once, or those that are fresh again would be forgotten.
        let start = clock.now();
        let mut store = Keyed::new(endless(), size(keys), start);
        for key in 0..keys {
            store.try_acquire(start, &key, 1).expect("there is room");
        }
        let mut next = asked.each(0);
        group.bench_function(BenchmarkId::new("plain, quanta", keys), |b| {
            b.iter(|| black_box(store.try_acquire(clock.now(), &next(), 1).is_ok()));
        });
    }
    let store = peer::<std::hash::RandomState, _>(peer_endless(), keys, DefaultClock::default());
    group.bench_function(BenchmarkId::new("peer: governor, quanta", keys), |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |thread| {
                let (mut next, store) = (asked.each(thread), &store);
                move || store.check_key(&next()).is_ok()
            })
        });
    });
    drop(store);
    let store = peer::<Foldhash, _>(peer_endless(), keys, DefaultClock::default());
    let name = "peer: governor with foldhash, quanta";
    group.bench_function(BenchmarkId::new(name, keys), |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |thread| {
                let (mut next, store) = (asked.each(thread), &store);
                move || store.check_key(&next()).is_ok()
            })
        });
    });
    group.finish();
}

/// Time stands still: ours is told so, and governor's fake clock is one atomic load.
fn passed_clock(c: &mut Criterion, keys: u64) {
    let mut group = c.benchmark_group("keyed, now passed in");
    group.throughput(Throughput::Elements(1));
    let asked = Asked::new(keys);
    let store = shared(endless(), keys, NOW);
    let mut next = asked.each(0);
    group.bench_function(BenchmarkId::new("shared", keys), |b| {
        b.iter(|| black_box(store.try_acquire(black_box(NOW), &next(), 1).is_ok()));
    });
    drop(store);
    let clock = FakeRelativeClock::default();
    let store = peer::<std::hash::RandomState, _>(peer_endless(), keys, clock);
    let mut next = asked.each(0);
    group.bench_function(BenchmarkId::new("peer: governor, fake clock", keys), |b| {
        b.iter(|| black_box(store.check_key(&next()).is_ok()));
    });
    group.finish();
}

fn denied(c: &mut Criterion, keys: u64) {
    let mut group = c.benchmark_group("keyed and denied, real clock");
    group.throughput(Throughput::Elements(1));
    let (asked, clock) = (Asked::new(keys), QuantaClock::default());
    let store = shared(Quota::per_hour(1), keys, clock.now());
    let mut next = asked.each(0);
    group.bench_function(BenchmarkId::new("shared, quanta", keys), |b| {
        b.iter(|| black_box(store.try_acquire(clock.now(), &next(), 1).is_err()));
    });
    let once_an_hour = Peer::per_hour(NonZeroU32::MIN);
    let store = peer::<std::hash::RandomState, _>(once_an_hour, keys, DefaultClock::default());
    let mut next = asked.each(0);
    group.bench_function(BenchmarkId::new("peer: governor, quanta", keys), |b| {
        b.iter(|| black_box(store.check_key(&next()).is_err()));
    });
    group.finish();
}

/// What is allocated for so many keys, after all of them were seen.
fn memory(keys: u64) -> io::Result<()> {
    let mut out = io::stdout();
    let mut report = |name: &str, region: &Region<'_, System>| {
        let change = region.change();
        let held = change.bytes_allocated - change.bytes_deallocated;
        let each = u64::try_from(held * 10).unwrap_or(0) / keys;
        writeln!(
            out,
            "{name}: {}.{} bytes a key at {keys}",
            each / 10,
            each % 10
        )
    };
    let region = Region::new(ALLOCATOR);
    let store = shared(endless(), keys, NOW);
    report("shared", &region)?;
    drop(store);
    let region = Region::new(ALLOCATOR);
    let store: Keyed<u64> = Keyed::new(endless(), size(keys), NOW);
    report("plain", &region)?;
    drop(store);
    let region = Region::new(ALLOCATOR);
    let clock = FakeRelativeClock::default();
    let store = peer::<std::hash::RandomState, _>(peer_endless(), keys, clock);
    report("peer: governor", &region)?;
    drop(store);
    Ok(())
}
