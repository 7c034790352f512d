use std::str::FromStr;

use crate::{
    results::{Comparison, Summary},
    statistics::Estimate,
};

/// What is said of a strategy at every point of a sweep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Figure {
    /// Requests that succeeded in time. More is better; of all others but goodput, less.
    Completed,
    /// The same, as a share of the optimum.
    Goodput,
    /// Calls sent.
    Calls,
    /// Calls refused because of a limit.
    Refused,
    /// Calls that failed otherwise.
    Failed,
    /// Calls per request that succeeded in time.
    CallsPerSuccess,
    /// The median latency, in seconds.
    LatencyP50,
    /// The latency that 95 % did not exceed, in seconds.
    LatencyP95,
    /// The latency that 99 % did not exceed, in seconds.
    LatencyP99,
    /// Input tokens of calls that led to nothing.
    WastedTokens,
    /// Requests given up.
    Abandoned,
    /// Requests whose users waited no longer.
    Cancelled,
    /// Requests that were not done at the end.
    Unfinished,
}

impl Figure {
    /// All of them, in the order of result files.
    pub const ALL: [Self; 13] = [
        Self::Completed,
        Self::Goodput,
        Self::Calls,
        Self::Refused,
        Self::Failed,
        Self::CallsPerSuccess,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::WastedTokens,
        Self::Abandoned,
        Self::Cancelled,
        Self::Unfinished,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Goodput => "goodput",
            Self::Calls => "calls",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::CallsPerSuccess => "calls_per_success",
            Self::LatencyP50 => "latency_p50_s",
            Self::LatencyP95 => "latency_p95_s",
            Self::LatencyP99 => "latency_p99_s",
            Self::WastedTokens => "wasted_tokens",
            Self::Abandoned => "abandoned",
            Self::Cancelled => "cancelled",
            Self::Unfinished => "unfinished",
        }
    }

    /// Whether more of it is better.
    pub const fn more_is_better(self) -> bool {
        matches!(self, Self::Completed | Self::Goodput)
    }

    /// What a strategy had of it; none if, say, nothing succeeded.
    pub fn of(self, summary: &Summary) -> Option<Estimate> {
        let (mean, half_width) = match self {
            Self::Completed => (Some(summary.completed), summary.ci95.completed),
            Self::Goodput => (Some(summary.goodput), summary.ci95.goodput),
            Self::Calls => (Some(summary.calls), summary.ci95.calls),
            Self::Refused => (Some(summary.refused), summary.ci95.refused),
            Self::Failed => (Some(summary.failed), summary.ci95.failed),
            Self::CallsPerSuccess => (summary.calls_per_success, summary.ci95.calls_per_success),
            Self::LatencyP50 => (summary.latency.p50_s, summary.ci95.latency_p50_s),
            Self::LatencyP95 => (summary.latency.p95_s, summary.ci95.latency_p95_s),
            Self::LatencyP99 => (summary.latency.p99_s, summary.ci95.latency_p99_s),
            Self::WastedTokens => (Some(summary.wasted_tokens), summary.ci95.wasted_tokens),
            Self::Abandoned => (Some(summary.abandoned), summary.ci95.abandoned),
            Self::Cancelled => (Some(summary.cancelled), summary.ci95.cancelled),
            Self::Unfinished => (Some(summary.unfinished), summary.ci95.unfinished),
        };
        mean.map(|mean| Estimate { mean, half_width })
    }

    /// Whether a percentage of it means something.
    pub const fn is_share_of_something(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Failed
                | Self::Completed
                | Self::Abandoned
                | Self::Cancelled
                | Self::Unfinished
                | Self::Goodput
        )
    }

    /// What a percentage of it refers to: calls or arrivals; none if it is no count of either.
    pub fn whole(self, comparison: &Comparison, summary: &Summary) -> Option<f64> {
        match self {
            Self::Refused | Self::Failed => Some(summary.calls),
            Self::Completed | Self::Abandoned | Self::Cancelled | Self::Unfinished => {
                Some(comparison.arrivals)
            }
            Self::Goodput => Some(1.0),
            _ => None,
        }
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|figure| figure.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("expected one of {names}, found `{text}`")
        })
    }
}
