use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    latency::Latency,
    limit::Limit,
    presets,
    provider::{Charge, Dialect, Outage, Price, Provider, RetryAfter},
    server::{Server, Slows},
    tenant::Tenant,
    units::{Seconds, Share},
    upgrade::{RawUpgrade, upgrades},
};

/// The fields of a provider as they stand in the file: what is absent comes from the preset, or
/// else is the default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    /// A shipped provider, whose fields hold where they are not given here; `sim presets` lists all.
    #[schemars(extend("enum" = presets::PROVIDERS.names()))]
    preset: Option<String>,
    /// Its name, required if there are several. If absent, that of the preset.
    name: Option<String>,
    /// How many keys the clients have, each with limits of its own; all providers have 1,000 at most.
    #[schemars(extend("default" = 1), range(max = 1_000))]
    keys: Option<NonZeroU32>,
    /// What it charges, to strategies that choose by price. If absent, nothing.
    price: Option<Price>,
    /// Where its limits were read, for people. If absent, that of the preset, unless limits are given.
    source: Option<String>,
    /// When the limits held: a year, a month or a day. If absent, that of the preset, unless limits are given.
    as_of: Option<String>,
    /// What it limits, all of them at once. They replace those of the preset. If absent, nothing.
    #[serde(rename = "limit")]
    limits: Option<Vec<Limit>>,
    /// Other numbers for its limits from a moment on, in the order of time.
    #[serde(default, rename = "upgrade")]
    #[schemars(extend("default" = []))]
    upgrades: Vec<RawUpgrade>,
    /// Others who call it with the same keys.
    #[serde(default, rename = "tenant")]
    #[schemars(extend("default" = []))]
    tenants: Vec<Tenant>,
    /// Which tokens of a request it charges.
    #[schemars(extend("default" = "actual"))]
    charge: Option<Charge>,
    /// Whether calls that it refuses use up its limits on requests.
    #[schemars(extend("default" = false))]
    refused_calls_count: Option<bool>,
    /// How it words its answers.
    #[schemars(extend("default" = "generic"))]
    dialect: Option<Dialect>,
    /// What a refusal says about when to come back, where the dialect states a wait.
    #[schemars(extend("default" = "seconds"))]
    retry_after: Option<RetryAfter>,
    /// The time to the first token of an answer.
    #[schemars(extend("default" = { "fixed_s": 0 }))]
    first_token: Option<Latency>,
    /// The time that each output token takes.
    #[schemars(extend("default" = { "fixed_s": 0 }))]
    per_output_token: Option<Latency>,
    /// How long a refusal or a fault takes to reach the client, in seconds.
    #[schemars(extend("default" = 0))]
    refusal_s: Option<Seconds>,
    /// The time on the way to the provider, and again on the way back, drawn anew for each.
    #[schemars(extend("default" = { "fixed_s": 0 }))]
    network: Option<Latency>,
    /// How many calls it serves at once, while others wait. If absent, all of them.
    server: Option<Server>,
    /// How it becomes slower with its load. If absent, not at all.
    slows: Option<Slows>,
    /// Whether it stops working on a call that its client no longer waits for. If not, such a call is served
    /// and charged to its end.
    #[schemars(extend("default" = false))]
    cancels_on_disconnect: Option<bool>,
    /// The share of admitted calls that fail with a 5xx. They are charged.
    #[schemars(extend("default" = 0))]
    error_rate: Option<Share>,
    /// The share of all other admitted calls whose answer breaks off part-way, after a share of its time that is
    /// drawn evenly. To whoever reads it as a whole it is a 5xx at that time. What was charged at admission stays
    /// charged, and no more.
    #[schemars(extend("default" = 0))]
    break_off_rate: Option<Share>,
    /// Times at which every call fails with a 503.
    #[serde(rename = "outage")]
    #[schemars(extend("default" = []))]
    outages: Option<Vec<Outage>>,
}

impl TryFrom<RawProvider> for Provider {
    type Error = String;

    fn try_from(raw: RawProvider) -> Result<Self, String> {
        let base = match &raw.preset {
            Some(name) => presets::PROVIDERS.load(name)?,
            None => Self::default(),
        };
        let has_own = raw.limits.is_some();
        let limits = raw.limits.unwrap_or(base.limits);
        // Limits of the scenario's own are not those of the preset's source.
        let (source, as_of) = if has_own {
            (None, None)
        } else {
            (base.source, base.as_of)
        };
        Ok(Self {
            upgrades: upgrades(&limits, &raw.upgrades)?,
            tenants: raw.tenants,
            name: raw.name.or(raw.preset).unwrap_or(base.name),
            keys: raw.keys.unwrap_or(base.keys),
            price: raw.price.unwrap_or(base.price),
            source: raw.source.or(source),
            as_of: raw.as_of.or(as_of),
            limits,
            charge: raw.charge.unwrap_or(base.charge),
            refused_calls_count: raw.refused_calls_count.unwrap_or(base.refused_calls_count),
            dialect: raw.dialect.unwrap_or(base.dialect),
            retry_after: raw.retry_after.unwrap_or(base.retry_after),
            first_token: raw.first_token.unwrap_or(base.first_token),
            per_output_token: raw.per_output_token.unwrap_or(base.per_output_token),
            refusal_s: raw.refusal_s.unwrap_or(base.refusal_s),
            network: raw.network.unwrap_or(base.network),
            server: raw.server.or(base.server),
            slows: raw.slows.or(base.slows),
            cancels_on_disconnect: raw
                .cancels_on_disconnect
                .unwrap_or(base.cancels_on_disconnect),
            error_rate: raw.error_rate.unwrap_or(base.error_rate),
            break_off_rate: raw.break_off_rate.unwrap_or(base.break_off_rate),
            outages: raw.outages.unwrap_or(base.outages),
        })
    }
}
