//! Others who call a provider with the same key.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{
    profile::Profile,
    tokens::{Multimodal, Tokens},
    units::{Correlation, Positive},
    workload::{Arrivals, RawWorkload, Workload},
};

/// Somebody else who calls a provider with the same key, and whom its clients do not see.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawTenant")]
pub struct Tenant {
    /// Which key of the provider, counted from 1.
    pub key: NonZeroU32,
    /// What is called, and when; priority means nothing here.
    pub requests: Workload,
}

/// The fields of a tenant as they stand in the file: the same as of a workload, where it has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTenant {
    #[serde(default)]
    name: String,
    #[serde(default = "first")]
    key: NonZeroU32,
    preset: Option<String>,
    arrivals: Option<Arrivals>,
    rate_per_min: Option<Positive>,
    profile: Option<Profile>,
    input_tokens: Option<Tokens>,
    output_tokens: Option<Tokens>,
    correlation: Option<Correlation>,
    multimodal: Option<Multimodal>,
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
        self.requests.validate()
    }
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}
