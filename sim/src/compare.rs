//! Runs every strategy of a scenario on the same arrivals and sums up what happened.

use std::num::NonZeroU32;

use hdrhistogram::Histogram;
use paceline_core::Dimension;
use rayon::prelude::*;

use crate::{
    engine::Streams,
    model::{self, Bound, Fate, Gauges, Tally},
    results::{Bin, Comparison, Latency, LimitLine, Limited, Optimum, Part, Summary},
    scenario::{Scenario, limit::Limit, workload::Workload},
    workload::TraceError,
};

/// Runs `replications` independent runs of every strategy, in parallel, and averages them.
///
/// `done` is called, from any thread, after each run. The result does not depend on the number of
/// threads: runs share nothing, and are summed up in order.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn compare(
    scenario: &Scenario,
    replications: u32,
    done: impl Fn() + Sync,
) -> Result<Comparison, TraceError> {
    let root = Streams::new(scenario.seed);
    let runs = u64::from(replications) * scenario.strategies.len() as u64;
    let bounds: Vec<Bound> = (0..replications)
        .into_par_iter()
        .map(|number| model::optimum(scenario, root.replication(number)))
        .collect::<Result<_, _>>()?;
    let tallies: Vec<Tally> = (0..runs)
        .into_par_iter()
        .map(|run| {
            let (strategy, number) = split(run, replications);
            let strategy = &scenario.strategies[strategy];
            let tally = model::run(scenario, strategy, root.replication(number));
            done();
            tally
        })
        .collect::<Result<_, _>>()?;

    let summaries = scenario
        .strategies
        .iter()
        .zip(tallies.chunks(replications as usize));
    Ok(Comparison {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        replications,
        duration_s: scenario.duration().as_secs_f64(),
        arrivals: mean(bounds.iter().map(|bound| bound.arrivals)),
        optimum: Optimum {
            requests: mean(bounds.iter().map(|bound| bound.requests)),
            exact: bounds.iter().all(|bound| bound.exact),
        },
        bin_s: scenario.bin().as_secs_f64(),
        limit_line: limit_line(scenario),
        limits: limits(scenario),
        strategies: summaries
            .map(|(strategy, tallies)| summarise(&strategy.name, tallies, &bounds, scenario))
            .collect(),
    })
}

/// The strategy and the replication of a run, counted over all of them.
fn split(run: u64, replications: u32) -> (usize, u32) {
    let strategy = usize::try_from(run / u64::from(replications));
    let number = u32::try_from(run % u64::from(replications));
    (strategy.unwrap_or(usize::MAX), number.unwrap_or(u32::MAX))
}

fn summarise(name: &str, tallies: &[Tally], bounds: &[Bound], scenario: &Scenario) -> Summary {
    let average = |count: fn(&Tally) -> u64| mean(tallies.iter().map(count));
    let totals: Vec<Fate> = tallies.iter().map(Tally::total).collect();
    let total = part(String::new(), totals.iter());
    let completed = total.completed;
    let calls = average(|tally| tally.calls);
    let possible = mean(bounds.iter().map(|bound| bound.requests));
    Summary {
        name: name.to_owned(),
        completed,
        goodput: if possible > 0.0 {
            completed / possible
        } else {
            1.0
        },
        calls,
        refused: average(|tally| tally.refused),
        failed: average(|tally| tally.failed),
        calls_per_success: (completed > 0.0).then(|| calls / completed),
        latency: total.latency,
        wasted_tokens: average(|tally| tally.wasted_tokens),
        abandoned: total.abandoned,
        unfinished: total.unfinished,
        series: series(tallies),
        left: gauges(tallies).map_or_else(Vec::new, |it| it.left(tallies.len())),
        workloads: parts(tallies, &scenario.workloads),
    }
}

/// The workloads apart, unless there is only one.
fn parts(tallies: &[Tally], workloads: &[Workload]) -> Vec<Part> {
    if workloads.len() == 1 {
        return Vec::new();
    }
    let named = workloads.iter().enumerate();
    named
        .map(|(index, workload)| {
            let fates = tallies.iter().map(|tally| &tally.workloads[index]);
            part(workload.name.clone(), fates)
        })
        .collect()
}

/// The mean of what became of the same requests in each run.
fn part<'a>(name: String, fates: impl ExactSizeIterator<Item = &'a Fate>) -> Part {
    let runs = count(fates.len().max(1) as u64);
    let mut sum = Fate::new();
    for fate in fates {
        sum.add(fate);
    }
    Part {
        name,
        completed: count(sum.completed) / runs,
        latency: latency(&sum.latency_us),
        abandoned: count(sum.abandoned) / runs,
        unfinished: count(sum.unfinished) / runs,
    }
}

fn latency(all: &Histogram<u64>) -> Latency {
    if all.is_empty() {
        return Latency::default();
    }
    let at = |share| seconds(all.value_at_quantile(share));
    // Even steps, and finer ones towards the end, where users suffer.
    let shares = (0..=99).map(|percent| f64::from(percent) / 100.0);
    let tail = [0.992, 0.994, 0.996, 0.998, 0.999, 1.0];
    Latency {
        p50_s: Some(at(0.50)),
        p95_s: Some(at(0.95)),
        p99_s: Some(at(0.99)),
        curve: shares.chain(tail).map(|share| (share, at(share))).collect(),
    }
}

fn series(tallies: &[Tally]) -> Vec<Bin> {
    let bins = tallies.first().map_or(0, |tally| tally.series.len());
    let of = |bin: usize, which: usize| mean(tallies.iter().map(|tally| tally.series[bin][which]));
    let waiting = gauges(tallies).map(|it| it.waiting(tallies.len()));
    (0..bins)
        .zip(waiting.unwrap_or_default())
        .map(|(bin, waiting)| Bin {
            admitted: of(bin, 0),
            refused: of(bin, 1),
            waiting,
        })
        .collect()
}

/// Those of all runs together.
fn gauges(tallies: &[Tally]) -> Option<Gauges> {
    let (first, others) = tallies.split_first()?;
    let mut sum = first.gauges.clone();
    others.iter().for_each(|tally| sum.add(&tally.gauges));
    Some(sum)
}

fn limits(scenario: &Scenario) -> Vec<Limited> {
    let limited = |(place, limit): (usize, &Limit)| {
        let (cells, unit) = match limit {
            Limit::Rate(rate) => {
                let unit = format!("{}/{}", rate.counts, rate.per);
                (rate.quota.limit(), unit)
            }
            Limit::Concurrency(most) => (*most, "calls under way".to_owned()),
        };
        let several = scenario.providers.len() > 1;
        Limited {
            provider: several.then(|| scenario.providers[place].name.clone()),
            cells: count(cells),
            unit,
        }
    };
    scenario.limits().map(limited).collect()
}

/// The limit on requests that allows the fewest calls in a bin; none if several keys share the calls or
/// limits change.
fn limit_line(scenario: &Scenario) -> Option<LimitLine> {
    let bin_s = scenario.bin().as_secs_f64();
    let provider = match scenario.providers.as_slice() {
        [provider] if provider.keys == NonZeroU32::MIN && provider.upgrades.is_empty() => provider,
        _ => return None,
    };
    let limits = provider.limits.iter();
    let lines = limits.filter_map(|limit| match limit {
        Limit::Rate(rate) if rate.counts == Dimension::Requests => {
            // A limit may be spent as soon as its period begins.
            let periods = (bin_s / rate.quota.period().as_secs_f64()).max(1.0);
            Some(LimitLine {
                label: format!("limit {} requests/{}", rate.quota.limit(), rate.per),
                per_bin: count(rate.quota.limit()) * periods,
            })
        }
        _ => None,
    });
    lines.min_by(|a, b| a.per_bin.total_cmp(&b.per_bin))
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
