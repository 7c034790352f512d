//! What a client knows of limits, and how it finds out.

use std::{iter, num::NonZeroU64};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{limit::Limit, presets, provider::Provider, units::Positive};

/// Whose limits a client was told: `"provider"` or the name of a provider preset.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("enum" = names()))]
pub enum LimitsFrom {
    /// Those of the provider that it calls, exactly.
    Provider,
    /// Those of a preset, which the provider may have changed since.
    Preset(Vec<Limit>),
}

impl LimitsFrom {
    /// The limits that this tells who calls a provider.
    pub fn of<'a>(&'a self, provider: &'a Provider) -> &'a [Limit] {
        match self {
            Self::Provider => &provider.limits,
            Self::Preset(limits) => limits,
        }
    }
}

fn names() -> Vec<&'static str> {
    iter::once("provider")
        .chain(presets::PROVIDERS.names())
        .collect()
}

impl TryFrom<String> for LimitsFrom {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name == "provider" {
            return Ok(Self::Provider);
        }
        let preset: Provider = presets::PROVIDERS
            .load(&name)
            .map_err(|err| format!("{err}, or `provider`"))?;
        Ok(Self::Preset(preset.limits))
    }
}

/// What of a response reaches a client.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Hears {
    /// Status, headers and body.
    #[default]
    All,
    /// Nothing but the status.
    Status,
}

/// A rate that a client finds from refusals alone.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pace {
    /// The AWS SDKs' adaptive mode: a rate on a cubic curve after each refusal.
    Cubic {},
    /// A bit more with time, a share less after a refusal.
    Aimd {
        /// The rate at the start, in requests per minute.
        requests_per_min: Positive,
        /// Requests at once, at least 1.
        #[serde(default = "one")]
        burst: NonZeroU64,
    },
}

const fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}
