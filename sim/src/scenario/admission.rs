//! What a request must pass at the client: settlement, adaptive permits, and the gate.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::units::PositiveSeconds;

/// How a client corrects its estimates once it knows what an answer cost.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// As if the truth had been known, by replay.
    Exact,
    /// In constant time, never more than exact.
    Strict,
    /// Every surplus, at once.
    Optimistic,
}

/// A limit on requests in flight that learns.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Adaptive {
    /// From refusals and faults: one more after a success, a share less after each of these.
    Aimd {
        /// At the start.
        #[serde(default = "twenty")]
        initial: u32,
        /// Never fewer.
        #[serde(default = "one")]
        least: u32,
        /// Never more.
        #[serde(default = "two_hundred")]
        most: u32,
        /// What is left after a refusal, in percent.
        #[serde(default = "ninety")]
        backoff_percent: u32,
        /// A call that takes longer counts as refused.
        timeout_s: Option<PositiveSeconds>,
    },
    /// From latency: fewer while calls take longer than they used to.
    Gradient2 {
        /// At the start.
        #[serde(default = "twenty")]
        initial: u32,
        /// Never fewer.
        #[serde(default = "one")]
        least: u32,
        /// Never more.
        #[serde(default = "two_hundred")]
        most: u32,
        /// How far it moves at each call, in percent of the way.
        #[serde(default = "twenty")]
        smoothing_percent: u32,
        /// Calls more than needed that are wanted in flight.
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
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The mean time between two requests after the first refusal; 0.1 s, if absent.
    pub spacing_s: Option<PositiveSeconds>,
    /// Below this mean time it stands open again; 0.001 s, if absent.
    pub least_spacing_s: Option<PositiveSeconds>,
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
