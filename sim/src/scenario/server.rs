//! What happens to a call between its admission and its answer, if that is not only a matter of time.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::PositiveSeconds;

/// The machines of a provider: so many calls at a time, and the others wait for them in order of arrival.
///
/// All keys of a provider share them, tenants too. The time that a call takes, `first_token` and
/// `per_output_token`, runs from when a worker takes it on.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// How many calls are served at once.
    pub workers: NonZeroU32,
    /// How many calls may wait for a worker. A call that finds the line full is refused for overload as in an
    /// outage, and touches no limit. If absent, there is no bound.
    pub queue: Option<u32>,
}

/// A provider that becomes slower with its load.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slows {
    /// How much longer a call takes, in seconds, for each call that is in service when its own service
    /// begins, itself included.
    pub per_in_service_s: PositiveSeconds,
}
