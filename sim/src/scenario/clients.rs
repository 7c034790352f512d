//! Arrivals from many clients.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{NonNegative, Positive, PositiveSeconds, Share};

/// Many clients, few of whom bring most requests, each with bursts of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// How many clients.
    #[schemars(range(max = 100_000))]
    pub count: NonZeroU32,
    /// The mean rate of all together over time, in requests per minute.
    pub rate_per_min: Positive,
    /// How uneven they are: the n-th client's rate is proportional to n to the power of minus this. At 0,
    /// all are equal.
    #[serde(default)]
    #[schemars(extend("default" = 0))]
    pub zipf: NonNegative,
    /// The gaps between the requests of one client.
    pub gaps: ClientGaps,
    /// When clients are there at all. If absent, always.
    pub active: Option<Active>,
}

/// The gaps between the requests of one client.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientGaps {
    /// Gamma gaps.
    Gamma(ClientShape),
    /// Weibull gaps.
    Weibull(ClientShape),
}

/// How bursty clients are.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientShape {
    /// The median shape of clients: burstier than Poisson below 1, steadier above.
    pub shape: Shape,
    /// How much clients differ: the standard deviation of the natural logarithm of their shapes. A shape
    /// outside the bounds becomes the bound.
    #[serde(default)]
    #[schemars(extend("default" = 0))]
    pub shape_sigma: NonNegative,
}

impl ClientGaps {
    /// The shapes of clients.
    pub const fn shape(self) -> ClientShape {
        match self {
            Self::Gamma(shape) | Self::Weibull(shape) => shape,
        }
    }
}

/// A shape of gaps that can be told from a pulse and from a clock: 0.05 to 1,000.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(try_from = "f64")]
#[schemars(title = "number from 0.05 to 1,000", extend("minimum" = 0.05, "maximum" = 1_000))]
pub struct Shape(f64);

impl Shape {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The nearest shape.
    pub const fn clamped(number: f64) -> Self {
        Self(number.clamp(0.05, 1_000.0))
    }
}

impl TryFrom<f64> for Shape {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if Self::clamped(number).0 == number {
            Ok(Self(number))
        } else {
            Err(format!(
                "expected a shape from 0.05 to 1000, found {number}"
            ))
        }
    }
}

/// When clients are there at all: each comes and goes by itself, and asks more while it is there.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Active {
    /// The share of time for which a client is active, at least 1e-6.
    #[schemars(extend("minimum" = 1e-6))]
    pub share: Share,
    /// How long it is active at a time on average, in seconds; lengths are exponential, of pauses too.
    pub mean_s: PositiveSeconds,
}

impl Clients {
    /// How often a client comes or goes in a second, on average.
    pub(super) fn changes_per_s(&self) -> f64 {
        let one = |active: Active| 2.0 * active.share.get() / active.mean_s.get().as_secs_f64();
        self.active.map_or(0.0, one) * f64::from(self.count.get())
    }

    /// What cannot be seen from one field alone.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.count.get() > 100_000 {
            let count = self.count;
            return Err(format!(
                "count: expected 1 to 100000 clients, found {count}"
            ));
        }
        if self.active.is_some_and(|active| active.share.get() < 1e-6) {
            return Err("active.share: expected at least 1e-6".to_owned());
        }
        Ok(())
    }
}
