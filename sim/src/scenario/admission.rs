//! What a request must pass at the client: settlement, adaptive permits, and the gate.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::PositiveSeconds;

/// How a client corrects its estimates once it knows what an answer cost.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// As if the truth had been known, by replay.
    Exact,
    /// In constant time, never more than exact.
    Strict,
    /// Every surplus, at once.
    Optimistic,
}

/// A limit on calls under way that learns, in the place of `concurrency`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Adaptive {
    /// From refusals and faults: one more after a success, a share less after each of these.
    Aimd {
        /// Calls under way at the start, from `least` to `most`.
        #[serde(default = "twenty")]
        #[schemars(range(min = 1))]
        initial: u32,
        /// Never fewer calls under way than this.
        #[serde(default = "one")]
        #[schemars(range(min = 1))]
        least: u32,
        /// Never more calls under way than this.
        #[serde(default = "two_hundred")]
        #[schemars(range(min = 1))]
        most: u32,
        /// What is left after a refusal or a fault, in percent.
        #[serde(default = "ninety")]
        #[schemars(range(min = 50, max = 99))]
        backoff_percent: u32,
        /// A call that takes longer counts as a fault. If absent, no call does.
        timeout_s: Option<PositiveSeconds>,
    },
    /// From latency: fewer while calls take longer than they used to.
    Gradient2 {
        /// Calls under way at the start, from `least` to `most`.
        #[serde(default = "twenty")]
        #[schemars(range(min = 1))]
        initial: u32,
        /// Never fewer calls under way than this.
        #[serde(default = "one")]
        #[schemars(range(min = 1))]
        least: u32,
        /// Never more calls under way than this.
        #[serde(default = "two_hundred")]
        #[schemars(range(min = 1))]
        most: u32,
        /// How far the limit moves at each call, in percent of the way.
        #[serde(default = "twenty")]
        #[schemars(range(min = 1, max = 100))]
        smoothing_percent: u32,
        /// Calls more than needed that are wanted under way. With 0 the limit never grows.
        #[serde(default = "four")]
        queue: u32,
    },
}

impl Adaptive {
    /// Where it starts, and between what it stays.
    pub const fn bounds(self) -> (u32, RangeInclusive<u32>) {
        match self {
            Self::Aimd {
                initial,
                least,
                most,
                ..
            }
            | Self::Gradient2 {
                initial,
                least,
                most,
                ..
            } => (initial, least..=most),
        }
    }
}

/// One pause for all requests of a client, which a refusal begins.
///
/// After the pause calls come back `spacing_s` apart, and ever closer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The mean time between two calls after the first refusal, in seconds, at most 60.
    #[serde(default = "tenth")]
    #[schemars(extend("default" = 0.1, "maximum" = 60))]
    pub spacing_s: PositiveSeconds,
    /// Below this mean time between two calls it stands open again, in seconds, at most `spacing_s`. If absent,
    /// 0.001, or `spacing_s` where that is less.
    pub least_spacing_s: Option<PositiveSeconds>,
}

const fn tenth() -> PositiveSeconds {
    PositiveSeconds::TENTH
}

const fn one() -> u32 {
    1
}

const fn four() -> u32 {
    4
}

const fn twenty() -> u32 {
    20
}

const fn ninety() -> u32 {
    90
}

const fn two_hundred() -> u32 {
    200
}
