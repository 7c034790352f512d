//! Runs every strategy of a scenario on the same arrivals and sums up what happened.

mod differences;
mod gathered;
mod limits;
mod measured;
mod plan;

use std::sync::PoisonError;

use hdrhistogram::Histogram;
use rayon::prelude::*;

pub use differences::differences;
pub use measured::measured;
pub use plan::{Plan, Progress, Replications};

use gathered::{FateFigures, Gathered, Row};

use crate::{
    engine::Streams,
    model::{self, Bound, Fate, Tally},
    results::{Bin, Comparison, Latency, Optimum, Part, Summary},
    scenario::{Scenario, strategy::Strategy},
    workload::TraceError,
};

/// Runs `replications` independent runs of every strategy, in parallel, and averages them.
///
/// `done` is called, from any thread, after each run. The baseline is the first strategy.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn compare(
    scenario: &Scenario,
    replications: u32,
    done: impl Fn() + Sync,
) -> Result<Comparison, TraceError> {
    let plan = Plan {
        replications: Replications::Fixed(replications),
        baseline: 0,
    };
    compare_by(plan, scenario, |progress| {
        if progress == Progress::Done {
            done();
        }
    })
}

/// Runs independent runs of every strategy as planned, in parallel, and averages them.
///
/// `progress` is told, from any thread, how far it is. The result does not depend on the number of
/// threads: runs share nothing, what must be summed up in order is, and whether more are needed is decided
/// by those that are there. A replication leaves a few numbers behind.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn compare_by(
    plan: Plan,
    scenario: &Scenario,
    progress: impl Fn(Progress) + Sync,
) -> Result<Comparison, TraceError> {
    let strategies = scenario.strategies.len();
    let mut bounds = Vec::new();
    let mut gathered = Vec::new();
    gathered.resize_with(strategies, || Gathered::new(scenario));
    let mut planned = plan.replications.first();
    let mut count = 0;
    loop {
        progress(Progress::Planned(u64::from(planned) * strategies as u64));
        while count < planned {
            let next = planned.min(count.saturating_add(AT_ONCE));
            run(scenario, count..next, &mut bounds, &mut gathered, || {
                progress(Progress::Done);
            })?;
            count = next;
        }
        match plan.replications.next(count, scenario, &gathered) {
            Some(more) => planned = more,
            None => break,
        }
    }
    let precision = plan.replications.precision(scenario, &gathered);
    let mut comparison = conclude(scenario, plan.baseline, &bounds, gathered);
    comparison.precision = precision;
    Ok(comparison)
}

/// Sums up what was gathered of each strategy under these bounds, one for each replication.
fn conclude(
    scenario: &Scenario,
    baseline: usize,
    bounds: &[Bound],
    gathered: Vec<Gathered>,
) -> Comparison {
    let name = scenario.strategies.get(baseline);
    let mut comparison = Comparison {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        replications: u32::try_from(bounds.len()).unwrap_or(u32::MAX),
        precision: None,
        duration_s: scenario.duration().as_secs_f64(),
        warmup_s: scenario.warmup_s.get().as_secs_f64(),
        arrivals: mean(bounds.iter().map(|bound| bound.arrivals)),
        cancels: scenario.workloads.iter().any(|it| it.patience.is_some()),
        optimum: Optimum {
            requests: mean(bounds.iter().map(|bound| bound.requests)),
            exact: bounds.iter().all(|bound| bound.exact),
        },
        bin_s: scenario.bin().as_secs_f64(),
        limit_line: limits::line(scenario),
        limits: limits::limits(scenario),
        baseline: name.map_or_else(String::new, |strategy| strategy.name.clone()),
        strategies: scenario
            .strategies
            .iter()
            .zip(gathered)
            .map(|(strategy, gathered)| summarise(strategy, gathered, scenario))
            .collect(),
        driven: None,
    };
    tell_apart(&mut comparison.strategies, baseline);
    comparison
}

/// How many replications are under way at once, at most; each leaves a row until all of them are done.
const AT_ONCE: u32 = 256;

/// Runs some replications of every strategy, and takes them in, in order.
fn run(
    scenario: &Scenario,
    numbers: std::ops::Range<u32>,
    bounds: &mut Vec<Bound>,
    gathered: &mut [Gathered],
    done: impl Fn() + Sync,
) -> Result<(), TraceError> {
    let root = Streams::new(scenario.seed);
    let first = numbers.start;
    let replications = numbers.len();
    let bounds_of = || {
        let numbers = numbers.into_par_iter().with_max_len(1);
        let found = numbers.map(|number| model::optimum(scenario, root.replication(number)));
        found.collect::<Result<Vec<Bound>, TraceError>>()
    };
    let rows_of = || {
        let runs = (0..gathered.len() * replications)
            .into_par_iter()
            .with_max_len(1);
        let rows = runs.map(|run| {
            let (strategy, place) = (run / replications, run % replications);
            let number = first.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
            let streams = root.replication(number);
            let tally = model::run(scenario, &scenario.strategies[strategy], streams)?;
            let row = gathered[strategy].row(&tally);
            done();
            Ok(row)
        });
        rows.collect::<Result<Vec<Row>, TraceError>>()
    };
    // Bounds need no strategy, so no core has to wait for them.
    let (rows, new) = rayon::join(rows_of, bounds_of);
    let (rows, new) = (rows?, new?);
    for (gathered, rows) in gathered.iter_mut().zip(rows.chunks(replications)) {
        for (row, bound) in rows.iter().zip(&new) {
            gathered.add(row, bound);
        }
    }
    bounds.extend(new);
    Ok(())
}

/// Says how the others differ from the baseline.
fn tell_apart(strategies: &mut [Summary], baseline: usize) {
    let others = strategies.len().saturating_sub(1);
    let Some(each) = strategies.get(baseline).map(|it| it.each.clone()) else {
        return;
    };
    for (place, strategy) in strategies.iter_mut().enumerate() {
        if place != baseline {
            strategy.differences = differences(&strategy.each, &each, others);
        }
    }
}

fn summarise(strategy: &Strategy, gathered: Gathered, scenario: &Scenario) -> Summary {
    let ci95 = gathered.ci95();
    let [calls, refused, failed, wasted_tokens] = gathered.calls();
    let sum = gathered.sum.into_inner();
    let sum = sum.unwrap_or_else(PoisonError::into_inner);
    let runs = gathered.each.len();
    let total = part("", &sum.total(), &gathered.fate, runs);
    let possible = mean(gathered.each.iter().map(|it| it.possible));
    let completed = total.completed;
    let parts = sum.workloads.iter().zip(&gathered.parts);
    let parts = parts.zip(&scenario.workloads);
    Summary {
        name: strategy.name.clone(),
        completed,
        goodput: if possible > 0.0 {
            completed / possible
        } else {
            1.0
        },
        calls,
        refused,
        failed,
        calls_per_success: (completed > 0.0).then(|| calls / completed),
        latency: total.latency,
        wasted_tokens,
        abandoned: total.abandoned,
        cancelled: total.cancelled,
        unfinished: total.unfinished,
        series: series(&sum, runs),
        left: sum.gauges.left(runs),
        workloads: parts
            .map(|((sum, figures), workload)| part(&workload.name, sum, figures, runs))
            .collect(),
        ci95,
        differences: Vec::new(),
        each: gathered.each,
    }
}

/// The mean of what became of the same requests in each of so many runs.
fn part(name: &str, sum: &Fate, figures: &FateFigures, runs: usize) -> Part {
    let runs = count(runs.max(1) as u64);
    let [p50_s, p95_s, p99_s] = figures.latencies();
    Part {
        name: name.to_owned(),
        completed: count(sum.completed) / runs,
        latency: Latency {
            p50_s,
            p95_s,
            p99_s,
            curve: curve(&sum.latency_us),
        },
        abandoned: count(sum.abandoned) / runs,
        cancelled: count(sum.cancelled) / runs,
        unfinished: count(sum.unfinished) / runs,
        ci95: figures.ci95(),
    }
}

/// The latencies of all replications together.
fn curve(all: &Histogram<u64>) -> Vec<(f64, f64)> {
    if all.is_empty() {
        return Vec::new();
    }
    // Even steps, and finer ones towards the end, where users suffer.
    let shares = (0..=99).map(|percent| f64::from(percent) / 100.0);
    let tail = [0.992, 0.994, 0.996, 0.998, 0.999, 1.0];
    let at = |share| (share, seconds(all.value_at_quantile(share)));
    shares.chain(tail).map(at).collect()
}

fn series(sum: &Tally, runs: usize) -> Vec<Bin> {
    let waiting = sum.gauges.waiting(runs);
    let runs = count(runs.max(1) as u64);
    let bins = sum.series.iter().zip(waiting);
    bins.map(|([admitted, refused], waiting)| Bin {
        admitted: count(*admitted) / runs,
        refused: count(*refused) / runs,
        waiting,
    })
    .collect()
}

fn mean(counts: impl ExactSizeIterator<Item = u64>) -> f64 {
    let runs = counts.len().max(1);
    count(counts.sum()) / count(runs as u64)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}

fn seconds(micros: u64) -> f64 {
    count(micros) / 1e6
}
