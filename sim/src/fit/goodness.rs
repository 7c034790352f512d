use std::{iter, time::Duration};

use paceline_core::Timestamp;

use super::statistics::{correlation, counts, dispersion, distance, gaps, quantile, sorted};
use crate::{engine::Streams, scenario::workload::Workload, workload::Jobs};

/// A trace beside what a workload draws: what a plot shows.
#[derive(Debug)]
pub struct Goodness {
    /// The name of the trace.
    pub name: String,
    /// What was fitted, in a few words.
    pub summary: String,
    /// Gaps, input tokens, output tokens, and requests in ten seconds.
    pub quantiles: [Quantiles; 4],
    /// The dispersion of counts: the window in seconds, the trace, the workload.
    pub dispersion: Vec<(f64, f64, f64)>,
    /// How long the trace lasts, in seconds.
    pub span_s: f64,
    /// Requests a minute over time, in bins of the same width: of the trace, and of the workload.
    pub rates: [Vec<f64>; 2],
}

/// The same quantiles of a trace and of a workload.
#[derive(Debug)]
pub struct Quantiles {
    /// What was measured.
    pub title: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// A quantile of the trace, and the same one of the workload.
    pub pairs: Vec<(f64, f64)>,
    /// The largest distance between the two distributions (Kolmogorov and Smirnov).
    pub distance: f64,
}

/// The numbers of a trace or of what was drawn.
#[derive(Debug)]
pub(super) struct Numbers {
    /// When requests arrived, in seconds since the start; sorted.
    pub(super) at_s: Vec<f64>,
    pub(super) input: Vec<f64>,
    pub(super) output: Vec<f64>,
}

/// Windows over which counts are compared, in seconds.
const WINDOWS: [f64; 9] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0];
const BINS: u32 = 120;

impl Numbers {
    /// What a workload draws from this time on: so many requests, or fewer if there are no more.
    pub(super) fn drawn(workload: &Workload, start: Timestamp, count: usize) -> Result<Self, String> {
        let end = start.saturating_add(Duration::from_secs(3_000_000_000));
        let jobs = Jobs::of(iter::once(workload), (start, end), Streams::new(1));
        let mut jobs = jobs.map_err(|err| err.to_string())?;
        let mut numbers = Self {
            at_s: Vec::with_capacity(count),
            input: Vec::with_capacity(count),
            output: Vec::with_capacity(count),
        };
        while numbers.at_s.len() < count {
            let Some(job) = jobs.next_job().map_err(|err| err.to_string())? else {
                break;
            };
            numbers.at_s.push(job.at.saturating_since(start).as_secs_f64());
            numbers.input.push(tokens(job.input_tokens));
            numbers.output.push(tokens(job.output_tokens));
        }
        Ok(numbers)
    }

    /// The correlation of input and output.
    pub(super) fn correlation(&self) -> f64 {
        correlation(&self.input, &self.output)
    }

    /// The dispersion of its counts in windows of this width; none if there are too few windows.
    pub(super) fn dispersion(&self, window_s: f64) -> Option<f64> {
        let counts = counts(&self.at_s, window_s);
        (counts.len() >= 20).then(|| dispersion(&counts)).filter(|it| it.is_finite())
    }
}

/// Lays a trace beside what was drawn.
pub(super) fn compare(trace: &Numbers, fit: &Numbers) -> ([Quantiles; 4], Vec<(f64, f64, f64)>) {
    let pairs = |title, unit, of: &dyn Fn(&Numbers) -> Vec<f64>| {
        let (trace, fit) = (sorted(of(trace)), sorted(of(fit)));
        // Even steps, and finer ones towards both ends.
        let middle = (1..100).map(|percent| f64::from(percent) / 100.0);
        let tails = [0.0005, 0.001, 0.002, 0.005, 0.995, 0.998, 0.999, 0.9995];
        let shares = sorted(middle.chain(tails).collect());
        Quantiles {
            title,
            unit,
            pairs: shares
                .iter()
                .map(|share| (quantile(&trace, *share), quantile(&fit, *share)))
                .collect(),
            distance: distance(&trace, &fit),
        }
    };
    let quantiles = [
        pairs("gaps between requests", "s", &|it| gaps(&it.at_s)),
        pairs("input tokens", "", &|it| it.input.clone()),
        pairs("output tokens", "", &|it| it.output.clone()),
        pairs("requests in 10 s", "", &|it| counts(&it.at_s, 10.0)),
    ];
    let windows = WINDOWS.into_iter();
    let dispersion = windows.filter_map(|window_s| {
        Some((window_s, trace.dispersion(window_s)?, fit.dispersion(window_s)?))
    });
    (quantiles, dispersion.collect())
}

/// Requests a minute in each of 120 bins of a span.
pub(super) fn rates(numbers: &Numbers, span_s: f64) -> Vec<f64> {
    let bin_s = span_s / f64::from(BINS);
    let up_to = |bin: u32| numbers.at_s.partition_point(|at_s| *at_s < f64::from(bin) * bin_s);
    let within = |bin: u32| super::statistics::number(up_to(bin + 1) - up_to(bin));
    (0..BINS).map(|bin| within(bin) * 60.0 / bin_s).collect()
}

#[expect(clippy::cast_precision_loss, reason = "tokens are below 2^53")]
fn tokens(tokens: u64) -> f64 {
    tokens as f64
}
