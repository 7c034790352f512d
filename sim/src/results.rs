//! What a comparison found: plain numbers, ready to be reported.
//!
//! Counts are means over the replications, hence `f64`. Nothing here knows how it will be shown.

mod driven;

use crate::statistics::Estimate;
pub use driven::Driven;

/// The outcome of every strategy of a scenario on the same arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The name of the scenario.
    pub scenario: String,
    /// The seed that reproduces these numbers.
    pub seed: u64,
    /// How many independent runs were averaged.
    pub replications: u32,
    /// How sure it was to be, if replications were added until it was.
    pub precision: Option<Precision>,
    /// The simulated time, in seconds.
    pub duration_s: f64,
    /// How much of it passed before anything was counted, in seconds.
    pub warmup_s: f64,
    /// Requests that arrived.
    pub arrivals: f64,
    /// Whether users may cancel requests: otherwise nothing was ever cancelled.
    pub cancels: bool,
    /// The most requests that any schedule could have got through.
    pub optimum: Optimum,
    /// The width of a time bin of the series, in seconds.
    pub bin_s: f64,
    /// The tightest limit on requests per bin, to be drawn into plots.
    pub limit_line: Option<LimitLine>,
    /// The limits of the providers, as they are at first.
    pub limits: Vec<Limited>,
    /// The name of the strategy that the others are compared with.
    pub baseline: String,
    /// One entry per strategy, in the order of the scenario.
    pub strategies: Vec<Summary>,
    /// Where it was measured, if it was and not simulated. What limits have left is not known then.
    pub driven: Option<Driven>,
}

/// The most requests that any schedule could have got admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// How many requests.
    pub requests: f64,
    /// Whether some schedule reaches it; otherwise it is an upper bound.
    pub exact: bool,
}

/// A limit, as a line in a plot of requests per bin.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitLine {
    /// Such as `100 requests/min`.
    pub label: String,
    /// The height of the line, in requests per bin.
    pub per_bin: f64,
}

/// What a limit of a provider says.
#[derive(Clone, Debug, PartialEq)]
pub struct Limited {
    /// Whose it is; none if there is only one provider.
    pub provider: Option<String>,
    /// How many cells.
    pub cells: f64,
    /// Of what and in which time, such as `tokens/min`.
    pub unit: String,
}

/// How one strategy fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The name of the strategy.
    pub name: String,
    /// Requests that succeeded in time.
    pub completed: f64,
    /// `completed` as a share of the optimum, 1 if nothing could be done. It exceeds 1 only where a
    /// cache or batches get done what no schedule of single calls could.
    pub goodput: f64,
    /// Calls sent to the provider.
    pub calls: f64,
    /// Calls that the provider refused because of a limit.
    pub refused: f64,
    /// Calls that failed for another reason.
    pub failed: f64,
    /// Calls per request that succeeded in time, if any did.
    pub calls_per_success: Option<f64>,
    /// Time from arrival to success.
    pub latency: Latency,
    /// Input tokens of calls that were refused, failed, or succeeded too late.
    pub wasted_tokens: f64,
    /// Requests that the strategy gave up.
    pub abandoned: f64,
    /// Requests whose users waited no longer.
    pub cancelled: f64,
    /// Requests that were still waiting or under way at the end.
    pub unfinished: f64,
    /// Calls over time; every strategy has the same number of bins.
    pub series: Vec<Bin>,
    /// For each of the limits: what it had left at the end of each bin, as a share of its burst; the mean of
    /// all keys.
    pub left: Vec<Vec<f64>>,
    /// One entry per workload, in the order of the scenario; none if there is only one.
    pub workloads: Vec<Part>,
    /// How sure the figures above are.
    pub ci95: Ci95,
    /// What it did better or worse than the baseline; none for the baseline itself.
    pub differences: Vec<Difference>,
    /// What each replication gave, in order, for differences from others that met the same arrivals.
    pub each: Vec<Replication>,
}

/// How the requests of one workload fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The name of the workload.
    pub name: String,
    /// Requests that succeeded in time.
    pub completed: f64,
    /// Time from arrival to success.
    pub latency: Latency,
    /// Requests that the strategy gave up.
    pub abandoned: f64,
    /// Requests whose users waited no longer.
    pub cancelled: f64,
    /// Requests that were still waiting or under way at the end.
    pub unfinished: f64,
    /// How sure the figures above are.
    pub ci95: Ci95,
}

/// Half the widths of the 95 % confidence intervals around figures of the same names, by Student's t
/// over the replications.
///
/// Absent where one replication gave a figure, or none did, and where a workload has no such figure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each has the name of what it is about")]
pub struct Ci95 {
    pub completed: Option<f64>,
    pub goodput: Option<f64>,
    pub calls: Option<f64>,
    pub refused: Option<f64>,
    pub failed: Option<f64>,
    pub calls_per_success: Option<f64>,
    pub latency_p50_s: Option<f64>,
    pub latency_p95_s: Option<f64>,
    pub latency_p99_s: Option<f64>,
    pub wasted_tokens: Option<f64>,
    pub abandoned: Option<f64>,
    pub cancelled: Option<f64>,
    pub unfinished: Option<f64>,
}

/// How sure a comparison was to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The share of itself within which goodput and p95 of every strategy were to be known.
    pub target: f64,
    /// The share within which all of them are known; none if one has no interval.
    pub worst: Option<f64>,
    /// The strategy and the metric that are known least.
    pub least: (String, Metric),
    /// Whether the target was reached.
    pub reached: bool,
}

/// What strategies are compared by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Metric {
    /// Requests that succeeded in time, as a share of the optimum. More is better.
    Goodput,
    /// Calls that were refused, as a share of all calls. Less is better.
    RefusedShare,
    /// The latency that 95 % of the successful requests did not exceed, in seconds. Less is better.
    LatencyP95,
    /// Calls per request that succeeded in time. Less is better.
    CallsPerSuccess,
}

impl Metric {
    /// All of them, the most telling first.
    pub const ALL: [Self; 4] = [
        Self::Goodput,
        Self::RefusedShare,
        Self::LatencyP95,
        Self::CallsPerSuccess,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goodput => "goodput",
            Self::RefusedShare => "refused_share",
            Self::LatencyP95 => "latency_p95_s",
            Self::CallsPerSuccess => "calls_per_success",
        }
    }

    /// What a strategy had of it; none if, say, nothing succeeded. Shares of refused calls have no interval.
    pub fn of(self, summary: &Summary) -> Option<Estimate> {
        let ci95 = &summary.ci95;
        let (mean, half_width) = match self {
            Self::Goodput => (Some(summary.goodput), ci95.goodput),
            Self::RefusedShare => (Some(summary.refused / summary.calls.max(1.0)), None),
            Self::LatencyP95 => (summary.latency.p95_s, ci95.latency_p95_s),
            Self::CallsPerSuccess => (summary.calls_per_success, ci95.calls_per_success),
        };
        mean.map(|mean| Estimate { mean, half_width })
    }

    /// Whether more of it is better.
    pub const fn more_is_better(self) -> bool {
        matches!(self, Self::Goodput)
    }
}

/// What one replication of a strategy gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replication {
    /// The most requests that any schedule could have got admitted.
    pub possible: u64,
    /// Requests that succeeded in time.
    pub completed: u64,
    /// Calls sent to the provider.
    pub calls: u64,
    /// Calls that the provider refused because of a limit.
    pub refused: u64,
    /// 95 % of the successful requests were faster, in seconds; absent if nothing succeeded.
    pub latency_p95_s: Option<f64>,
}

/// How a strategy differs from the baseline in the same replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// In what.
    pub metric: Metric,
    /// The strategy's figure less the baseline's, with an interval that holds at 95 % together with those
    /// of all other differences of the comparison; absent if one of them has no such figure.
    pub of: Option<Estimate>,
    /// What follows from it.
    pub verdict: Verdict,
}

/// What a difference says about a strategy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is better than the baseline.
    Better,
    /// It is worse.
    Worse,
    /// It was equal in every replication.
    NoDifference,
    /// The interval holds zero. About so many more replications would tell; none if not even a hundred
    /// thousand would.
    CannotTell {
        /// Rounded up to one significant figure.
        more: Option<u32>,
    },
    /// A single replication says nothing about the next.
    OneRun,
    /// One of them has no such figure, as nothing succeeded.
    NothingToCompare,
}

/// Time from arrival to success, in seconds; absent if nothing succeeded.
///
/// A quantile is the mean of the quantiles of the replications in which anything succeeded; the curve is that of
/// all their requests together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// The median.
    pub p50_s: Option<f64>,
    /// 95 % were faster.
    pub p95_s: Option<f64>,
    /// 99 % were faster.
    pub p99_s: Option<f64>,
    /// The distribution as (share of requests that were at most this slow, seconds), ascending.
    pub curve: Vec<(f64, f64)>,
}

/// One time bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Calls that the provider admitted.
    pub admitted: f64,
    /// Calls that it refused because of a limit.
    pub refused: f64,
    /// Requests that had arrived and had no call under way, on average over the bin.
    pub waiting: f64,
}
