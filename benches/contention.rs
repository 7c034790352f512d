//! What one decision costs on a shared limiter, from one thread and from two, real clocks included.

use std::{
    num::NonZeroU32,
    sync::Mutex,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use governor::{
    Quota as Peer, RateLimiter,
    clock::{Clock as PeerClock, DefaultClock},
};
use paceline_benches::{QuantaClock, together};
use paceline_core::{Clock, Limiter, Quota, Timestamp};
use paceline_gcra::{AtomicGcra, Gcra, Lease};

fn main() {
    let mut c = Criterion::default().configure_from_args();
    for threads in [1, 2] {
        shared(&mut c, threads);
        refused(&mut c, threads);
    }
    c.final_summary();
}

fn shared(c: &mut Criterion, threads: u64) {
    let mut group = c.benchmark_group(format!("shared, {threads} threads"));
    group.throughput(Throughput::Elements(threads));

    let endless = Quota::per_second(1_000_000_000)
        .with_burst(1 << 50)
        .expect("not zero");
    let gcra = Mutex::new(Gcra::new(endless));
    let start = clock();
    group.bench_function("gcra in std's Mutex, std's Instant", |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |_| {
                || {
                    let now = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    let mut gcra = gcra.lock().expect("no thread panics while it decides");
                    gcra.try_acquire(Timestamp::from_nanos(now), 1).is_ok()
                }
            })
        });
    });

    let clock = QuantaClock::default();
    let origin = clock.now();
    let gcra = AtomicGcra::new(endless, origin);
    group.bench_function("atomic gcra, quanta", |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |_| {
                || gcra.try_acquire(clock.now(), 1).is_ok()
            })
        });
    });
    for cells in [16, 256] {
        let gcra = AtomicGcra::new(endless, origin);
        let name = format!("atomic gcra, leases of {cells}, quanta");
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                together(threads, rounds, |_| leased(&gcra, cells, || clock.now()))
            });
        });
    }
    // What a lease itself costs: a caller who decides for a batch reads the clock once.
    let gcra = AtomicGcra::new(endless, origin);
    group.bench_function("atomic gcra, leases of 256, now passed in", |b| {
        b.iter_custom(|rounds| together(threads, rounds, |_| leased(&gcra, 256, || origin)));
    });

    let most = NonZeroU32::MAX;
    let rate = NonZeroU32::new(1_000_000_000).expect("not zero");
    let quota = Peer::per_second(rate).allow_burst(most);
    let peer = RateLimiter::direct_with_clock(quota, DefaultClock::default());
    group.bench_function("peer: governor, quanta", |b| {
        b.iter_custom(|rounds| together(threads, rounds, |_| || peer.check().is_ok()));
    });
    let peer = ratelimit::Ratelimiter::builder(u64::from(u32::MAX))
        .max_tokens(1 << 30)
        .initial_available(1 << 30)
        .build()
        .expect("the configuration is legal");
    group.bench_function("peer: ratelimit, std's Instant", |b| {
        b.iter_custom(|rounds| together(threads, rounds, |_| || peer.try_wait().is_ok()));
    });
    let peer = leaky_bucket::RateLimiter::builder()
        .max(1 << 50)
        .initial(1 << 50)
        .interval(Duration::from_millis(1))
        .build();
    group.bench_function("peer: leaky-bucket, tokio's Instant", |b| {
        b.iter_custom(|rounds| together(threads, rounds, |_| || peer.try_acquire(1)));
    });
    group.finish();
}

/// Decides from a lease, and takes another one when it is used up or has ended.
fn leased(gcra: &AtomicGcra, cells: u64, now: impl Fn() -> Timestamp) -> impl FnMut() -> bool {
    let renew = move |now| gcra.lease(now, cells, Duration::from_micros(100)).ok();
    let mut lease = None;
    move || {
        let now = now();
        if let Some(lease) = &mut lease
            && Lease::try_acquire(lease, now, 1).is_ok()
        {
            return true;
        }
        // The old one goes back first, or the new one would stand in its way.
        drop(lease.take());
        lease = renew(now);
        lease
            .as_mut()
            .is_some_and(|it| it.try_acquire(now, 1).is_ok())
    }
}

/// Refusals on one limiter, and when to come back.
fn refused(c: &mut Criterion, threads: u64) {
    let mut group = c.benchmark_group(format!("shared and denied, when, {threads} threads"));
    group.throughput(Throughput::Elements(threads));
    let clock = QuantaClock::default();
    let gcra = AtomicGcra::new(Quota::per_hour(1), clock.now());
    gcra.charge(clock.now(), 1);
    group.bench_function("atomic gcra, quanta", |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |_| {
                || {
                    let denied = gcra.try_acquire(clock.now(), 1);
                    denied.is_err_and(|it| it.retry_at() > Some(Timestamp::EPOCH))
                }
            })
        });
    });
    let quota = Peer::per_hour(NonZeroU32::MIN);
    let peer = RateLimiter::direct_with_clock(quota, DefaultClock::default());
    while peer.check().is_ok() {}
    let before = PeerClock::now(&DefaultClock::default());
    group.bench_function("peer: governor, quanta", |b| {
        b.iter_custom(|rounds| {
            together(threads, rounds, |_| {
                || {
                    let denied = peer.check();
                    // The wait would take another reading of the clock; the point in time does not.
                    denied.is_err_and(|it| it.earliest_possible() > before)
                }
            })
        });
    });
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn clock() -> Instant {
    Instant::now()
}
