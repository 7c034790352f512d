//! How a client chooses among providers and keys.

use serde::Deserialize;

use super::units::Seconds;

/// How a client chooses among providers and keys; each of them has limits, permits and a gate of its
/// own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// By which rule.
    pub policy: RoutePolicy,
    /// The share of each provider, in the order of the scenario; equal, if empty.
    #[serde(default)]
    pub weights: Vec<u64>,
    /// How long one takes to return in full after an exclusion; 10 s, if absent.
    pub ramp_s: Option<Seconds>,
}

/// By which rule a client chooses among those that admit the request now.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum RoutePolicy {
    /// By lot, in proportion to the weights.
    Weighted,
    /// By lot, in proportion to what remains of each one's limits.
    Remaining,
    /// The first in the order of the scenario, then the next.
    Priority,
    /// The lowest price of this request.
    Cheapest,
}
