//! How a client chooses among providers and keys.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::Seconds;

/// How a client chooses among providers and keys; each of them has limits, permits and a gate of its
/// own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// By which rule it chooses among the keys that admit the request now.
    pub policy: RoutePolicy,
    /// The share of each provider, which each of its keys gets, in the order of the scenario. All are equal,
    /// if empty.
    #[serde(default)]
    pub weights: Vec<u64>,
    /// How long a key takes to return in full after it was left out, in seconds.
    #[serde(default = "ten")]
    #[schemars(extend("default" = 10))]
    pub ramp_s: Seconds,
}

const fn ten() -> Seconds {
    Seconds::TEN
}

/// By which rule a client chooses among those that admit the request now.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum RoutePolicy {
    /// By lot, in proportion to the weights.
    Weighted,
    /// By lot, in proportion to what remains of the limits of each.
    Remaining,
    /// The first provider in the order of the scenario, and by lot among its keys.
    Priority,
    /// The lowest price of this request, and by lot among equal ones.
    Cheapest,
}
