use std::sync::{Mutex, PoisonError};

use hdrhistogram::Histogram;

use super::differences::{calls_per_success, goodput, ratio};
use crate::{
    model::{Bound, Fate, Tally},
    results::{Ci95, Replication},
    scenario::Scenario,
    statistics::{Estimate, Moments},
};

/// What the replications of a strategy gave so far, in memory that does not grow by tallies.
pub(super) struct Gathered {
    /// All tallies together. They are whole numbers, so the order in which they are added does not matter.
    pub(super) sum: Mutex<Tally>,
    /// Calls, those refused, those failed, tokens wasted.
    calls: [Moments; 4],
    pub(super) fate: FateFigures,
    /// One for each workload; none if there is only one.
    pub(super) parts: Vec<FateFigures>,
    pub(super) each: Vec<Replication>,
}

/// The figures of one replication.
pub(super) struct Row {
    calls: [u64; 4],
    all: FateRow,
    parts: Vec<FateRow>,
    replication: Replication,
}

/// The figures of requests in one replication: completed, abandoned, cancelled, unfinished, and the latencies that half,
/// 95 % and 99 % did not exceed.
type FateRow = ([u64; 4], Option<[f64; 3]>);

/// The means and intervals of what became of requests.
#[derive(Clone, Default)]
pub(super) struct FateFigures {
    counts: [Moments; 4],
    latency: [Moments; 3],
}

impl Gathered {
    /// Nothing so far.
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            sum: Mutex::new(Tally::new(scenario)),
            calls: Default::default(),
            fate: FateFigures::default(),
            parts: Vec::new(),
            each: Vec::new(),
        }
    }

    /// Takes in all of a tally that may come in any order, and gives what must be taken in order.
    pub(super) fn row(&self, tally: &Tally) -> Row {
        let total = tally.total();
        let parts = if tally.workloads.len() > 1 {
            tally.workloads.iter().map(fate_row).collect()
        } else {
            Vec::new()
        };
        let all = fate_row(&total);
        let row = Row {
            calls: [
                tally.calls,
                tally.refused,
                tally.failed,
                tally.wasted_tokens,
            ],
            replication: Replication {
                // Known once the bound is.
                possible: 0,
                completed: total.completed,
                calls: tally.calls,
                refused: tally.refused,
                latency_p95_s: all.1.map(|[_, p95, _]| p95),
            },
            all,
            parts,
        };
        // Nothing panics while it holds this.
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.add(tally);
        row
    }

    /// Takes in the figures of the next replication, in which so much was possible.
    pub(super) fn add(&mut self, row: &Row, bound: &Bound) {
        for (moments, count) in self.calls.iter_mut().zip(row.calls) {
            moments.add(super::count(count));
        }
        self.fate.add(&row.all);
        self.parts.resize(row.parts.len(), FateFigures::default());
        for (part, row) in self.parts.iter_mut().zip(&row.parts) {
            part.add(row);
        }
        self.each.push(Replication {
            possible: bound.requests,
            ..row.replication
        });
    }

    /// Goodput with its interval; 1 if nothing could be done.
    pub(super) fn goodput(&self) -> Option<Estimate> {
        self.ratio(goodput)
    }

    /// The mean of the latencies that 95 % did not exceed, with its interval.
    pub(super) fn p95(&self) -> Option<Estimate> {
        self.fate.latency[1].estimate()
    }

    fn ratio(&self, pair: fn(&Replication) -> (u64, u64)) -> Option<Estimate> {
        let values = ratio(&self.each, pair)?;
        values.into_iter().collect::<Moments>().estimate()
    }

    /// Means of calls, those refused, those failed, and tokens wasted.
    pub(super) fn calls(&self) -> [f64; 4] {
        self.calls.map(|moments| moments.mean().unwrap_or(0.0))
    }

    /// How sure the figures are.
    pub(super) fn ci95(&self) -> Ci95 {
        let [calls, refused, failed, wasted_tokens] = self.calls.map(half_width);
        let of_ratio = |pair| self.ratio(pair).and_then(|estimate| estimate.half_width);
        Ci95 {
            goodput: of_ratio(goodput),
            calls,
            refused,
            failed,
            calls_per_success: of_ratio(calls_per_success),
            wasted_tokens,
            ..self.fate.ci95()
        }
    }
}

impl FateFigures {
    fn add(&mut self, (counts, latency): &FateRow) {
        for (moments, count) in self.counts.iter_mut().zip(counts) {
            moments.add(super::count(*count));
        }
        for (moments, seconds) in self.latency.iter_mut().zip(latency.iter().flatten()) {
            moments.add(*seconds);
        }
    }

    /// The mean latencies that half, 95 % and 99 % did not exceed.
    pub(super) fn latencies(&self) -> [Option<f64>; 3] {
        self.latency.map(|moments| moments.mean())
    }

    /// How sure the figures are.
    pub(super) fn ci95(&self) -> Ci95 {
        let [completed, abandoned, cancelled, unfinished] = self.counts.map(half_width);
        let [latency_p50_s, latency_p95_s, latency_p99_s] = self.latency.map(half_width);
        Ci95 {
            completed,
            latency_p50_s,
            latency_p95_s,
            latency_p99_s,
            abandoned,
            cancelled,
            unfinished,
            ..Ci95::default()
        }
    }
}

fn half_width(moments: Moments) -> Option<f64> {
    moments.estimate()?.half_width
}

fn fate_row(fate: &Fate) -> FateRow {
    let counts = [
        fate.completed,
        fate.abandoned,
        fate.cancelled,
        fate.unfinished,
    ];
    (counts, quantiles(&fate.latency_us))
}

/// What half, 95 % and 99 % did not exceed, in seconds; none of nothing.
fn quantiles(latency_us: &Histogram<u64>) -> Option<[f64; 3]> {
    let at = |share| super::seconds(latency_us.value_at_quantile(share));
    (!latency_us.is_empty()).then(|| [0.50, 0.95, 0.99].map(at))
}
