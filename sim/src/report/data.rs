use serde::Serialize;

use super::told::{Precision, Told};
use crate::{
    model::LATENCY_ERROR,
    results::{Bin, Ci95, Comparison, Part, Summary},
    statistics::CONFIDENCE,
};

/// The comparison as indented JSON, with its time series and latency distributions.
///
/// # Errors
///
/// Fails only if memory does.
pub fn json(comparison: &Comparison) -> anyhow::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(&Document::from(comparison))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The comparison as CSV: a row per strategy, and one per workload if there are several.
///
/// # Errors
///
/// Fails only if memory does.
pub fn csv(comparison: &Comparison) -> anyhow::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for strategy in &comparison.strategies {
        writer.serialize(Row::new(comparison, strategy))?;
        for part in &strategy.workloads {
            writer.serialize(Row::of(comparison, strategy, part))?;
        }
    }
    Ok(writer.into_inner()?)
}

/// The file format of JSON results.
#[derive(Serialize)]
struct Document<'a> {
    scenario: &'a str,
    seed: u64,
    replications: u32,
    /// None if so many replications were asked for.
    precision: Option<Precision<'a>>,
    duration_s: f64,
    warmup_s: f64,
    arrivals: f64,
    optimum_requests: f64,
    optimum_is_exact: bool,
    bin_s: f64,
    limits: Vec<Limit<'a>>,
    /// Of every interval.
    confidence: f64,
    /// How far a quantile of latencies may lie beyond that of the requests themselves, as a share of it.
    latency_relative_error: f64,
    /// The strategy that the others are compared with.
    baseline: &'a str,
    strategies: Vec<Strategy<'a>>,
    /// Where it was measured; absent if it was simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    driven: Option<Driven<'a>>,
}

#[derive(Serialize)]
struct Driven<'a> {
    against: &'a str,
    speed: u32,
    stopped: bool,
}

#[derive(Serialize)]
struct Limit<'a> {
    provider: Option<&'a str>,
    cells: f64,
    unit: &'a str,
}

#[derive(Serialize)]
struct Strategy<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// Pairs of a share of requests and the latency that they did not exceed.
    latency_s: &'a [(f64, f64)],
    admitted_per_bin: Vec<f64>,
    refused_per_bin: Vec<f64>,
    waiting_per_bin: Vec<f64>,
    /// For each limit, the share that it had left at the end of each bin.
    left_per_bin: &'a [Vec<f64>],
    workloads: Vec<Workload<'a>>,
    /// One for each metric; none for the baseline.
    differences: Vec<Told>,
}

#[derive(Serialize)]
struct Workload<'a> {
    workload: &'a str,
    completed: f64,
    latency_p50_s: Option<f64>,
    latency_p95_s: Option<f64>,
    latency_p99_s: Option<f64>,
    abandoned: f64,
    cancelled: f64,
    unfinished: f64,
    completed_ci95: Option<f64>,
    latency_p50_s_ci95: Option<f64>,
    latency_p95_s_ci95: Option<f64>,
    latency_p99_s_ci95: Option<f64>,
    abandoned_ci95: Option<f64>,
    cancelled_ci95: Option<f64>,
    unfinished_ci95: Option<f64>,
    latency_s: &'a [(f64, f64)],
}

/// The file format of CSV results.
#[derive(Serialize)]
struct Row<'a> {
    strategy: &'a str,
    /// None for all of them together; what cannot be told apart is none for one of them.
    workload: Option<&'a str>,
    completed: f64,
    goodput: Option<f64>,
    calls: Option<f64>,
    refused: Option<f64>,
    failed: Option<f64>,
    calls_per_success: Option<f64>,
    latency_p50_s: Option<f64>,
    latency_p95_s: Option<f64>,
    latency_p99_s: Option<f64>,
    wasted_tokens: Option<f64>,
    abandoned: f64,
    cancelled: f64,
    unfinished: f64,
    arrivals: f64,
    optimum_requests: f64,
    // Half the widths of 95 % intervals; none of a single run.
    completed_ci95: Option<f64>,
    goodput_ci95: Option<f64>,
    calls_ci95: Option<f64>,
    refused_ci95: Option<f64>,
    failed_ci95: Option<f64>,
    calls_per_success_ci95: Option<f64>,
    latency_p50_s_ci95: Option<f64>,
    latency_p95_s_ci95: Option<f64>,
    latency_p99_s_ci95: Option<f64>,
    wasted_tokens_ci95: Option<f64>,
    abandoned_ci95: Option<f64>,
    cancelled_ci95: Option<f64>,
    unfinished_ci95: Option<f64>,
}

impl<'a> Row<'a> {
    fn new(comparison: &'a Comparison, strategy: &'a Summary) -> Self {
        Self {
            strategy: &strategy.name,
            workload: None,
            completed: strategy.completed,
            goodput: Some(strategy.goodput),
            calls: Some(strategy.calls),
            refused: Some(strategy.refused),
            failed: Some(strategy.failed),
            calls_per_success: strategy.calls_per_success,
            latency_p50_s: strategy.latency.p50_s,
            latency_p95_s: strategy.latency.p95_s,
            latency_p99_s: strategy.latency.p99_s,
            wasted_tokens: Some(strategy.wasted_tokens),
            abandoned: strategy.abandoned,
            cancelled: strategy.cancelled,
            unfinished: strategy.unfinished,
            arrivals: comparison.arrivals,
            optimum_requests: comparison.optimum.requests,
            completed_ci95: None,
            goodput_ci95: None,
            calls_ci95: None,
            refused_ci95: None,
            failed_ci95: None,
            calls_per_success_ci95: None,
            latency_p50_s_ci95: None,
            latency_p95_s_ci95: None,
            latency_p99_s_ci95: None,
            wasted_tokens_ci95: None,
            abandoned_ci95: None,
            cancelled_ci95: None,
            unfinished_ci95: None,
        }
        .within(&strategy.ci95)
    }

    /// The same with half the widths of its intervals.
    fn within(self, ci95: &Ci95) -> Self {
        Self {
            completed_ci95: ci95.completed,
            goodput_ci95: ci95.goodput,
            calls_ci95: ci95.calls,
            refused_ci95: ci95.refused,
            failed_ci95: ci95.failed,
            calls_per_success_ci95: ci95.calls_per_success,
            latency_p50_s_ci95: ci95.latency_p50_s,
            latency_p95_s_ci95: ci95.latency_p95_s,
            latency_p99_s_ci95: ci95.latency_p99_s,
            wasted_tokens_ci95: ci95.wasted_tokens,
            abandoned_ci95: ci95.abandoned,
            cancelled_ci95: ci95.cancelled,
            unfinished_ci95: ci95.unfinished,
            ..self
        }
    }

    fn of(comparison: &'a Comparison, strategy: &'a Summary, part: &'a Part) -> Self {
        Self {
            workload: Some(&part.name),
            completed: part.completed,
            goodput: None,
            calls: None,
            refused: None,
            failed: None,
            calls_per_success: None,
            latency_p50_s: part.latency.p50_s,
            latency_p95_s: part.latency.p95_s,
            latency_p99_s: part.latency.p99_s,
            wasted_tokens: None,
            abandoned: part.abandoned,
            cancelled: part.cancelled,
            unfinished: part.unfinished,
            ..Self::new(comparison, strategy)
        }
        .within(&part.ci95)
    }
}

impl<'a> From<&'a Part> for Workload<'a> {
    fn from(part: &'a Part) -> Self {
        Self {
            workload: &part.name,
            completed: part.completed,
            latency_p50_s: part.latency.p50_s,
            latency_p95_s: part.latency.p95_s,
            latency_p99_s: part.latency.p99_s,
            abandoned: part.abandoned,
            cancelled: part.cancelled,
            unfinished: part.unfinished,
            completed_ci95: part.ci95.completed,
            latency_p50_s_ci95: part.ci95.latency_p50_s,
            latency_p95_s_ci95: part.ci95.latency_p95_s,
            latency_p99_s_ci95: part.ci95.latency_p99_s,
            abandoned_ci95: part.ci95.abandoned,
            cancelled_ci95: part.ci95.cancelled,
            unfinished_ci95: part.ci95.unfinished,
            latency_s: &part.latency.curve,
        }
    }
}

impl<'a> From<&'a Comparison> for Document<'a> {
    fn from(comparison: &'a Comparison) -> Self {
        let per_bin =
            |strategy: &Summary, of: fn(&Bin) -> f64| strategy.series.iter().map(of).collect();
        let limits = comparison.limits.iter().map(|limit| Limit {
            provider: limit.provider.as_deref(),
            cells: limit.cells,
            unit: &limit.unit,
        });
        let strategies = comparison.strategies.iter().map(|strategy| Strategy {
            row: Row::new(comparison, strategy),
            latency_s: &strategy.latency.curve,
            admitted_per_bin: per_bin(strategy, |bin| bin.admitted),
            refused_per_bin: per_bin(strategy, |bin| bin.refused),
            waiting_per_bin: per_bin(strategy, |bin| bin.waiting),
            left_per_bin: &strategy.left,
            workloads: strategy.workloads.iter().map(Workload::from).collect(),
            differences: strategy.differences.iter().map(Told::from).collect(),
        });
        Self {
            scenario: &comparison.scenario,
            seed: comparison.seed,
            replications: comparison.replications,
            precision: comparison.precision.as_ref().map(Precision::from),
            duration_s: comparison.duration_s,
            warmup_s: comparison.warmup_s,
            arrivals: comparison.arrivals,
            optimum_requests: comparison.optimum.requests,
            optimum_is_exact: comparison.optimum.exact,
            bin_s: comparison.bin_s,
            limits: limits.collect(),
            confidence: CONFIDENCE,
            latency_relative_error: LATENCY_ERROR,
            baseline: &comparison.baseline,
            strategies: strategies.collect(),
            driven: comparison.driven.as_ref().map(|driven| Driven {
                against: &driven.against,
                speed: driven.speed,
                stopped: driven.stopped,
            }),
        }
    }
}
