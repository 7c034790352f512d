//! What one event costs: the hold model, beside a bare 4-ary heap in the same run.
//!
//! Each step takes the earliest of `pending` events and schedules one at a random later time, so
//! their number stays the same. One bare heap orders the same pairs of time and serial number and
//! carries the events, as our queue does; the other carries nothing, which shows what events cost. nexosim
//! is a framework, whose events find their way to models through mailboxes and an executor.

mod nexosim_hold;

use std::{cmp::Reverse, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput};
use dary_heap::QuaternaryHeap;
use paceline_core::{Rng, SplitMix64, Timestamp};
use paceline_sim::engine::EventQueue;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    hold(&mut c);
    c.final_summary();
}

/// An event as large as those of the simulator.
type Event = [u64; 2];

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("hold");
    group.throughput(Throughput::Elements(1));
    for pending in [1_u64, 1_000, 100_000] {
        group.bench_function(BenchmarkId::new("event queue", pending), |b| {
            let (mut queue, mut rng) = (EventQueue::new(), SplitMix64::new(7));
            for event in 0..pending {
                queue.schedule(Timestamp::from_nanos(gap(&mut rng)), [event; 2]);
            }
            b.iter(|| {
                let (at, event): (_, Event) = queue.pop().expect("one is always pending");
                let later = Timestamp::from_nanos(at.as_nanos() + gap(&mut rng));
                queue.schedule(later, black_box(event));
            });
        });
        group.bench_function(
            BenchmarkId::new("bare 4-ary heap of events", pending),
            |b| {
                let (mut heap, mut rng) = (QuaternaryHeap::new(), SplitMix64::new(7));
                for serial in 0..pending {
                    heap.push(Reverse((gap(&mut rng), serial, [serial; 2])));
                }
                let mut serial = pending;
                b.iter(|| {
                    let Reverse((at, _, event)) = heap.pop().expect("one is always pending");
                    heap.push(Reverse((at + gap(&mut rng), serial, black_box(event))));
                    serial += 1;
                });
            },
        );
        group.bench_function(
            BenchmarkId::new("bare 4-ary heap of nothing", pending),
            |b| {
                let (mut heap, mut rng) = (QuaternaryHeap::new(), SplitMix64::new(7));
                for serial in 0..pending {
                    heap.push(Reverse((gap(&mut rng), serial)));
                }
                let mut serial = pending;
                b.iter(|| {
                    let Reverse((at, event)) = heap.pop().expect("one is always pending");
                    black_box(event);
                    heap.push(Reverse((at + gap(&mut rng), serial)));
                    serial += 1;
                });
            },
        );
    }
    for pending in [1_u64, 1_000, 100_000] {
        group.bench_function(BenchmarkId::new("nexosim", pending), |b| {
            let mut simulation = nexosim_hold::simulation(pending);
            b.iter(|| simulation.step().expect("an event is pending"));
        });
    }
    group.finish();
}

/// Between 0 and about a second.
fn gap(rng: &mut SplitMix64) -> u64 {
    rng.next_u64() >> 34
}
