//! How long things take.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{NonNegative, Positive, PositiveSeconds, Seconds};

/// A distribution of times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same, in seconds.
    FixedS(Seconds),
    /// Exponential: without memory, as the service of an M/M/1 queue.
    Exponential {
        /// The mean, in seconds.
        mean_s: PositiveSeconds,
    },
    /// Lognormal: seldom very short, sometimes very long.
    Lognormal {
        /// The median, in seconds.
        median_s: Positive,
        /// The standard deviation of the natural logarithm.
        sigma: NonNegative,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::FixedS(Seconds::default())
    }
}

impl Latency {
    /// Whether it is always zero.
    pub fn is_zero(&self) -> bool {
        matches!(self, Self::FixedS(seconds) if seconds.get().is_zero())
    }
}
