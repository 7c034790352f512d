//! Others who call a provider with the same key.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::workload::{Arrivals, Priority, Tokens, Workload};

/// Somebody else who calls a provider with the same key, and whom its clients do not see.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "RawTenant")]
pub struct Tenant {
    /// Which key of the provider, counted from 1.
    pub key: NonZeroU32,
    /// What is called, and when; priority means nothing here.
    pub requests: Workload,
}

/// The fields of a tenant as they stand in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTenant {
    #[serde(default)]
    name: String,
    #[serde(default = "first")]
    key: NonZeroU32,
    arrivals: Arrivals,
    input_tokens: Option<Tokens>,
    output_tokens: Option<Tokens>,
    max_tokens: Option<u64>,
}

impl From<RawTenant> for Tenant {
    fn from(raw: RawTenant) -> Self {
        Self {
            key: raw.key,
            requests: Workload {
                name: raw.name,
                priority: Priority::default(),
                arrivals: raw.arrivals,
                input_tokens: raw.input_tokens,
                output_tokens: raw.output_tokens,
                max_tokens: raw.max_tokens,
            },
        }
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
