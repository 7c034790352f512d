//! What a comparison found: plain numbers, ready to be reported.
//!
//! Counts are means over the replications, hence `f64`. Nothing here knows how it will be shown.

/// The outcome of every strategy of a scenario on the same arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The name of the scenario.
    pub scenario: String,
    /// The seed that reproduces these numbers.
    pub seed: u64,
    /// How many independent runs were averaged.
    pub replications: u32,
    /// The simulated time, in seconds.
    pub duration_s: f64,
    /// Requests that arrived.
    pub arrivals: f64,
    /// The most requests that any schedule could have got through.
    pub optimum: Optimum,
    /// The width of a time bin of the series, in seconds.
    pub bin_s: f64,
    /// The tightest limit on requests per bin, to be drawn into plots.
    pub limit_line: Option<LimitLine>,
    /// The limits of the providers, as they are at first.
    pub limits: Vec<Limited>,
    /// One entry per strategy, in the order of the scenario.
    pub strategies: Vec<Summary>,
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
    /// Requests that were still waiting or under way at the end.
    pub unfinished: f64,
    /// Calls over time; every strategy has the same number of bins.
    pub series: Vec<Bin>,
    /// For each of the limits: what it had left at the end of each bin, as a share of its burst; the mean of
    /// all keys.
    pub left: Vec<Vec<f64>>,
    /// One entry per workload, in the order of the scenario; none if there is only one.
    pub workloads: Vec<Part>,
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
    /// Requests that were still waiting or under way at the end.
    pub unfinished: f64,
}

/// Time from arrival to success, in seconds; absent if nothing succeeded.
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
