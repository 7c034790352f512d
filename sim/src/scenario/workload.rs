//! Who asks: arrivals and sizes.

use std::path::PathBuf;

use serde::Deserialize;

use super::units::{NonNegative, Positive, PositiveSeconds};

/// The requests of a scenario: when they arrive and how large they are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Tokens that a request sends; required unless a trace brings them.
    pub input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace brings them.
    pub output_tokens: Option<Tokens>,
    /// The cap on output tokens that every request declares; without it, each declares exactly the
    /// tokens that its answer will have.
    pub max_tokens: Option<u64>,
}

/// When requests arrive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent arrivals at a steady rate.
    Poisson {
        /// The mean rate.
        rate_per_min: Positive,
    },
    /// Gaps from a Gamma distribution: burstier than Poisson below shape 1, steadier above.
    Gamma {
        /// The mean rate.
        rate_per_min: Positive,
        /// The shape; the gaps' coefficient of variation is its inverse square root.
        shape: Positive,
    },
    /// Poisson arrivals during bursts, and none between them.
    OnOff {
        /// The rate during a burst.
        rate_per_min: Positive,
        /// The mean length of a burst; lengths are exponential.
        mean_on_s: PositiveSeconds,
        /// The mean silence between bursts; lengths are exponential.
        mean_off_s: PositiveSeconds,
    },
    /// A backlog: all requests are there at the start.
    Batch {
        /// How many.
        jobs: u64,
    },
    /// Recorded arrivals.
    Trace {
        /// A CSV file with the columns `arrival_ms,input_tokens,output_tokens`, sorted by time;
        /// relative to the scenario's folder.
        path: PathBuf,
    },
}

/// How many tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tokens {
    /// Always the same.
    Fixed(u64),
    /// Lognormal, rounded to whole tokens, at least 1.
    Lognormal {
        /// The median, in tokens.
        median: Positive,
        /// The standard deviation of the logarithm.
        sigma: NonNegative,
        /// No more than this.
        max: Option<u64>,
    },
}
