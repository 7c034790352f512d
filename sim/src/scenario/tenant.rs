//! Others who call a provider with the same key.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    profile::Profile,
    raw_workload::{RawWorkload, sized},
    tokens::{Multimodal, Tokens},
    units::{Correlation, Positive},
    workload::{Arrivals, Workload},
};

/// Somebody else who calls a provider with the same key, and whom its clients do not see.
///
/// Calls of tenants use up limits, are never retried, and are not counted in the results.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawTenant")]
#[schemars(with = "RawTenant")]
pub struct Tenant {
    /// Which key of the provider, counted from 1.
    pub key: NonZeroU32,
    /// What is called, and when; priority means nothing here.
    pub requests: Workload,
}

/// Somebody else who calls a provider with the same key, and whom its clients do not see.
///
/// Calls of tenants use up limits, are never retried, and are not counted in the results. A tenant has the
/// fields of a workload, but for those that matter to strategies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = sized)]
struct RawTenant {
    /// Its name, for people.
    #[serde(default)]
    name: String,
    /// Which key of the provider it uses, counted from 1.
    #[serde(default = "first")]
    key: NonZeroU32,
    /// A shipped workload that supplies what is absent; `sim presets` lists them. If absent, nothing is
    /// supplied.
    #[schemars(extend("enum" = super::presets::WORKLOADS.names()))]
    preset: Option<String>,
    /// When its requests arrive. If absent, those of the preset.
    arrivals: Option<Arrivals>,
    /// The mean rate of the preset's arrivals, in requests per minute. If absent, that of the preset.
    rate_per_min: Option<Positive>,
    /// How the rate follows the clock. If absent, as in the preset, or not at all.
    profile: Option<Profile>,
    /// Tokens that a request sends; required unless a trace or a preset brings them.
    input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace or a preset brings them.
    output_tokens: Option<Tokens>,
    /// How input and output tokens go together: the correlation of their normal scores. If absent, as in the
    /// preset, or not at all.
    correlation: Option<Correlation>,
    /// Pictures and sound that some requests bring beside text. If absent, as in the preset, or none.
    multimodal: Option<Multimodal>,
    /// The cap on output tokens that every request declares. If absent, exactly the tokens of its answer.
    max_tokens: Option<u64>,
}

impl TryFrom<RawTenant> for Tenant {
    type Error = String;

    fn try_from(raw: RawTenant) -> Result<Self, String> {
        let requests = RawWorkload {
            name: Some(raw.name),
            preset: raw.preset,
            arrivals: raw.arrivals,
            rate_per_min: raw.rate_per_min,
            profile: raw.profile,
            input_tokens: raw.input_tokens,
            output_tokens: raw.output_tokens,
            correlation: raw.correlation,
            multimodal: raw.multimodal,
            max_tokens: raw.max_tokens,
            ..RawWorkload::default()
        };
        Ok(Self {
            key: raw.key,
            requests: Workload::try_from(requests)?,
        })
    }
}

impl Tenant {
    /// What cannot be seen from one field alone, for a provider with so many keys.
    pub(super) fn validate(&self, keys: NonZeroU32) -> Result<(), String> {
        if self.key > keys {
            return Err(format!("key: expected 1 to {keys}, found {}", self.key));
        }
        if self.requests.is_closed() {
            return Err(
                "arrivals: nobody answers to tenants, so that they have no sessions".to_owned(),
            );
        }
        self.requests.validate()
    }
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}
