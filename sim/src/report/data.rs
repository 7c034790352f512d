use serde::Serialize;

use crate::results::{Bin, Comparison, Summary};

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

/// The comparison as CSV, one row per strategy.
///
/// # Errors
///
/// Fails only if memory does.
pub fn csv(comparison: &Comparison) -> anyhow::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for strategy in &comparison.strategies {
        writer.serialize(Row::new(comparison, strategy))?;
    }
    Ok(writer.into_inner()?)
}

/// The file format of JSON results.
#[derive(Serialize)]
struct Document<'a> {
    scenario: &'a str,
    seed: u64,
    replications: u32,
    duration_s: f64,
    arrivals: f64,
    optimum_requests: f64,
    optimum_is_exact: bool,
    bin_s: f64,
    strategies: Vec<Strategy<'a>>,
}

#[derive(Serialize)]
struct Strategy<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// Pairs of a share of requests and the latency that they did not exceed.
    latency_s: &'a [(f64, f64)],
    admitted_per_bin: Vec<f64>,
    refused_per_bin: Vec<f64>,
}

/// The file format of CSV results.
#[derive(Serialize)]
struct Row<'a> {
    strategy: &'a str,
    completed: f64,
    goodput: f64,
    calls: f64,
    refused: f64,
    failed: f64,
    calls_per_success: Option<f64>,
    latency_p50_s: Option<f64>,
    latency_p95_s: Option<f64>,
    latency_p99_s: Option<f64>,
    wasted_tokens: f64,
    abandoned: f64,
    unfinished: f64,
    arrivals: f64,
    optimum_requests: f64,
}

impl<'a> Row<'a> {
    fn new(comparison: &'a Comparison, strategy: &'a Summary) -> Self {
        Self {
            strategy: &strategy.name,
            completed: strategy.completed,
            goodput: strategy.goodput,
            calls: strategy.calls,
            refused: strategy.refused,
            failed: strategy.failed,
            calls_per_success: strategy.calls_per_success,
            latency_p50_s: strategy.latency.p50_s,
            latency_p95_s: strategy.latency.p95_s,
            latency_p99_s: strategy.latency.p99_s,
            wasted_tokens: strategy.wasted_tokens,
            abandoned: strategy.abandoned,
            unfinished: strategy.unfinished,
            arrivals: comparison.arrivals,
            optimum_requests: comparison.optimum.requests,
        }
    }
}

impl<'a> From<&'a Comparison> for Document<'a> {
    fn from(comparison: &'a Comparison) -> Self {
        let per_bin =
            |strategy: &Summary, of: fn(&Bin) -> f64| strategy.series.iter().map(of).collect();
        let strategies = comparison.strategies.iter().map(|strategy| Strategy {
            row: Row::new(comparison, strategy),
            latency_s: &strategy.latency.curve,
            admitted_per_bin: per_bin(strategy, |bin| bin.admitted),
            refused_per_bin: per_bin(strategy, |bin| bin.refused),
        });
        Self {
            scenario: &comparison.scenario,
            seed: comparison.seed,
            replications: comparison.replications,
            duration_s: comparison.duration_s,
            arrivals: comparison.arrivals,
            optimum_requests: comparison.optimum.requests,
            optimum_is_exact: comparison.optimum.exact,
            bin_s: comparison.bin_s,
            strategies: strategies.collect(),
        }
    }
}
