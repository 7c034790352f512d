//! Rates that change at stated times, as in a load test.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{NonNegative, Seconds};

/// Arrivals at rates that change at stated times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawSteps")]
#[schemars(with = "RawSteps")]
pub struct Steps {
    /// How requests follow one another.
    pub gaps: StepGaps,
    /// The rates, in the order of time. Nothing arrives before the first of them, and the last one lasts.
    pub rates: Vec<StepRate>,
}

/// How requests follow one another.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum StepGaps {
    /// Independently, as in a Poisson process.
    #[default]
    Exponential,
    /// As far apart as the rate says.
    Even,
}

/// A rate from some time on.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRate {
    /// From this time on, in seconds since the start.
    pub from_s: Seconds,
    /// So many requests a minute; may be 0.
    pub rate_per_min: NonNegative,
}

/// Arrivals at rates that change at stated times.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawSteps {
    /// How requests follow one another.
    #[serde(default)]
    #[schemars(extend("default" = "exponential"))]
    gaps: StepGaps,
    /// The rates, in the order of time. Nothing arrives before the first of them, and the last one lasts.
    #[schemars(length(min = 1))]
    rates: Vec<StepRate>,
}

impl TryFrom<RawSteps> for Steps {
    type Error = String;

    fn try_from(raw: RawSteps) -> Result<Self, String> {
        let mut pairs = raw.rates.iter().zip(raw.rates.iter().skip(1));
        if pairs.any(|(earlier, later)| earlier.from_s >= later.from_s) {
            return Err("rates: expected each from_s to be later than the one before".to_owned());
        }
        if raw.rates.iter().all(|rate| rate.rate_per_min.get() == 0.0) {
            return Err("rates: expected a rate_per_min above 0 in one of them".to_owned());
        }
        Ok(Self {
            gaps: raw.gaps,
            rates: raw.rates,
        })
    }
}

impl Steps {
    /// How many requests to expect within so long.
    pub(super) fn expected_requests(&self, duration: Duration) -> f64 {
        let ends = self.rates.iter().skip(1).map(|rate| rate.from_s.get());
        let ends = ends.chain([duration]);
        let parts = self.rates.iter().zip(ends).map(|(rate, end)| {
            let lasts = end.min(duration).saturating_sub(rate.from_s.get());
            rate.rate_per_min.get() * lasts.as_secs_f64() / 60.0
        });
        parts.sum()
    }
}
