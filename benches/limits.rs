//! Four limits at once - requests and tokens, a minute and a day - beside four peers in sequence.
//!
//! Peers in sequence are not atomic: a refusal by the fourth has spent what the first three gave.
//! Time stands still, as in `decision.rs`.

use std::{hint::black_box, num::NonZeroU32};

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use governor::{Quota as Peer, RateLimiter, clock::FakeRelativeClock};
use paceline_composite::{All, ByDimension, OptimisticSettling, Settle, Settling, StrictSettling};
use paceline_core::{Demand, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_123_456_789);
/// So large that no run of a benchmark spends it.
const ENDLESS: u64 = 1 << 50;
const ESTIMATE: Demand = Demand::request(200, 800);
const ACTUAL: Demand = Demand::request(200, 300);

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("4 limits, admitted");
    group.throughput(Throughput::Elements(1));
    let mut all = All([(); 4].map(|()| gcra()));
    group.bench_function("All, one cost", |b| {
        b.iter(|| black_box(all.try_acquire(black_box(NOW), black_box(1)).is_ok()));
    });
    reserve(
        &mut group,
        "ByDimension, replay",
        by_dimension(Settling::new),
    );
    reserve(
        &mut group,
        "ByDimension, strict",
        by_dimension(StrictSettling::new),
    );
    reserve(
        &mut group,
        "ByDimension, optimistic",
        by_dimension(OptimisticSettling::new),
    );
    let clock = FakeRelativeClock::default();
    let most = NonZeroU32::MAX;
    let quota = Peer::per_second(NonZeroU32::new(1_000_000_000).expect("not zero"));
    let peer = || RateLimiter::direct_with_clock(quota.allow_burst(most), clock.clone());
    let peers = [peer(), peer(), peer(), peer()];
    group.bench_function("peer: four governors, not atomic", |b| {
        b.iter(|| black_box(peers.iter().all(|peer| peer.check().is_ok())));
    });
    group.finish();

    let mut group = c.benchmark_group("4 limits, reserved and settled");
    group.throughput(Throughput::Elements(1));
    settle(
        &mut group,
        "ByDimension, replay",
        by_dimension(Settling::new),
    );
    settle(
        &mut group,
        "ByDimension, strict",
        by_dimension(StrictSettling::new),
    );
    settle(
        &mut group,
        "ByDimension, optimistic",
        by_dimension(OptimisticSettling::new),
    );
    // The same four without what holds them, and so without a list of receipts.
    let mut bare = [(); 4].map(|()| OptimisticSettling::new(gcra()));
    group.bench_function("four settling limits in an array, optimistic", |b| {
        b.iter(|| {
            let now = black_box(NOW);
            let fits = bare.iter().all(|limit| limit.check(now, 1_000).is_ok());
            let receipts = bare
                .each_mut()
                .map(|limit| limit.charge_estimate(now, 1_000));
            for (limit, receipt) in bare.iter_mut().zip(receipts) {
                black_box(limit.settle(now, receipt, 500).is_ok());
            }
            black_box(fits)
        });
    });
    group.bench_function("an empty list of four receipts' size, for scale", |b| {
        b.iter(|| black_box(Vec::<[u64; 4]>::with_capacity(black_box(4))));
    });
    group.finish();
    c.final_summary();
}

fn gcra() -> Gcra {
    let quota = Quota::per_minute(450_000_000).with_burst(ENDLESS);
    Gcra::new(quota.expect("not zero"))
}

fn by_dimension<S: Settle>(settling: impl Fn(Gcra) -> S) -> ByDimension<S> {
    use Dimension::{Requests, Tokens};
    ByDimension::new([Requests, Requests, Tokens, Tokens].map(|of| (of, settling(gcra()))))
}

/// Checked and charged; the receipts are dropped, and the estimates stand.
fn reserve<S: Settle>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut limits: ByDimension<S>,
) {
    group.bench_function(name, |b| {
        b.iter(|| black_box(limits.reserve(black_box(NOW), black_box(ESTIMATE)).is_ok()));
    });
}

fn settle<S: Settle>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut limits: ByDimension<S>,
) {
    group.bench_function(name, |b| {
        b.iter(|| {
            let receipts = limits.reserve(black_box(NOW), black_box(ESTIMATE));
            let receipts = receipts.expect("it is endless");
            black_box(
                limits
                    .settle(black_box(NOW), receipts, black_box(ACTUAL))
                    .is_ok(),
            )
        });
    });
}
