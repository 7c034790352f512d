//! What reading a clock costs.

use std::{
    hint::black_box,
    time::{Instant, SystemTime},
};

use criterion::Criterion;
use paceline_benches::QuantaClock;
use paceline_core::Clock;
use paceline_tokio::{SystemClock, TokioClock};

#[expect(clippy::disallowed_methods, reason = "these are what is measured")]
fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("clock");
    let system = SystemClock::new();
    group.bench_function("SystemClock", |b| b.iter(|| black_box(system.now())));
    let tokio = TokioClock::new();
    group.bench_function("TokioClock", |b| b.iter(|| black_box(tokio.now())));
    let quanta = QuantaClock::default();
    group.bench_function("quanta, raw", |b| b.iter(|| black_box(quanta.now())));
    group.bench_function("std's Instant", |b| b.iter(|| black_box(Instant::now())));
    let start = Instant::now();
    group.bench_function("std's Instant, elapsed", |b| {
        b.iter(|| black_box(start.elapsed().as_nanos()));
    });
    group.bench_function("std's SystemTime", |b| {
        b.iter(|| black_box(SystemTime::now()));
    });
    group.finish();
    c.final_summary();
}
