//! Others who call a provider with the same key.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::workload::{Arrivals, Priority, Tokens, Workload, sized};

/// Somebody else who calls a provider with the same key, and whom its clients do not see.
///
/// Calls of tenants use up limits, are never retried, and are not counted in the results.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(from = "RawTenant")]
#[schemars(with = "RawTenant")]
pub struct Tenant {
    /// Which key of the provider, counted from 1.
    pub key: NonZeroU32,
    /// What is called, and when; priority means nothing here.
    pub requests: Workload,
}

/// The fields of a tenant as they stand in the file.
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
    /// When its requests arrive.
    arrivals: Arrivals,
    /// Tokens that a request sends; required unless a trace brings them.
    input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace brings them.
    output_tokens: Option<Tokens>,
    /// The cap on output tokens that every request declares. If absent, exactly the tokens of its answer.
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
        self.requests.validate()
    }
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}
