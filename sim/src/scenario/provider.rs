//! Who answers: limits, latency, faults and hints.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    latency::Latency,
    limit::Limit,
    raw_provider::RawProvider,
    server::{Server, Slows},
    tenant::Tenant,
    units::{NonNegative, Positive, Seconds, Share},
    upgrade::Upgrade,
};

/// A provider of answers, as its clients see it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawProvider")]
#[schemars(with = "RawProvider")]
pub struct Provider {
    /// Its name; required if there are several.
    pub name: String,
    /// How many keys the clients have, each with limits of its own.
    pub keys: NonZeroU32,
    /// What it charges for requests and tokens, to strategies that choose by price.
    pub price: Price,
    /// Where its limits were read, if they are stated to be somebody's.
    pub source: Option<String>,
    /// When they held: a year, a month or a day.
    pub as_of: Option<String>,
    /// What it limits; nothing, if empty.
    pub limits: Vec<Limit>,
    /// What it limits later, in the order of time.
    pub upgrades: Vec<Upgrade>,
    /// Who else calls it with the keys of its clients.
    pub tenants: Vec<Tenant>,
    /// Which tokens of a request it charges.
    pub charge: Charge,
    /// Whether calls that it refuses use up its limits on requests.
    pub refused_calls_count: bool,
    /// How it words its answers.
    pub dialect: Dialect,
    /// What it says about when to come back.
    pub retry_after: RetryAfter,
    /// Time to the first token of an answer.
    pub first_token: Latency,
    /// Time per output token.
    pub per_output_token: Latency,
    /// Time until a refusal or a fault reaches the client.
    pub refusal_s: Seconds,
    /// Time on the way to the provider, and again on the way back, drawn anew for each; none, if absent.
    pub network: Latency,
    /// How many calls it serves at once, the others waiting; all of them, if absent.
    pub server: Option<Server>,
    /// How it becomes slower with its load; not at all, if absent.
    pub slows: Option<Slows>,
    /// Whether it stops working on a call that its client no longer waits for. If not, which is the
    /// default, such a call is served and charged to its end.
    pub cancels_on_disconnect: bool,
    /// The share of admitted calls that fail with a 5xx.
    pub error_rate: Share,
    /// The share of all other admitted calls whose answer breaks off part-way.
    pub break_off_rate: Share,
    /// Times at which every call fails with a 503.
    pub outages: Vec<Outage>,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            name: String::new(),
            keys: NonZeroU32::MIN,
            price: Price::default(),
            source: None,
            as_of: None,
            limits: Vec::new(),
            upgrades: Vec::new(),
            tenants: Vec::new(),
            charge: Charge::default(),
            refused_calls_count: false,
            dialect: Dialect::default(),
            retry_after: RetryAfter::default(),
            first_token: Latency::default(),
            per_output_token: Latency::default(),
            refusal_s: Seconds::default(),
            network: Latency::default(),
            server: None,
            slows: None,
            cancels_on_disconnect: false,
            error_rate: Share::default(),
            break_off_rate: Share::default(),
            outages: Vec::new(),
        }
    }
}

/// What a provider charges, in any currency.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Price {
    /// For a million input tokens.
    #[schemars(extend("default" = 0))]
    pub per_million_input_tokens: NonNegative,
    /// For a million output tokens.
    #[schemars(extend("default" = 0))]
    pub per_million_output_tokens: NonNegative,
    /// For a thousand requests.
    #[schemars(extend("default" = 0))]
    pub per_thousand_requests: NonNegative,
}

/// Which tokens of a request a provider charges.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
pub enum Charge {
    /// Those that were sent, at admission.
    #[serde(rename = "input")]
    Input,
    /// Those that were sent and the declared cap on those that come back, at admission.
    #[serde(rename = "input+max_tokens")]
    InputAndMaxTokens,
    /// Those that were sent at admission, and those that came back at completion.
    #[default]
    #[serde(rename = "actual")]
    Actual,
}

/// How a provider words its answers: which headers and bodies it sends.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// No provider in particular: a status and `retry-after`.
    #[default]
    Generic,
    /// A company's gateway: requests and tokens of a minute in headers, resets in seconds, `retry-after`
    /// and an error with a code.
    Gateway,
    /// OpenAI: requests of a minute or a day and tokens of a minute in headers, resets as Go durations, and
    /// `retry-after` and a sentence to the millisecond. Recorded 2024-12 to 2026-09.
    #[serde(rename = "openai")]
    OpenAi,
    /// Azure OpenAI: what remains of ten seconds of requests and a minute of tokens on answers;
    /// `retry-after-ms`, `retry-after` and a sentence on refusals. Recorded 2024-07 to 2025.
    Azure,
    /// Anthropic: limits of a minute in headers, resets as moments in RFC 3339, `retry-after` in seconds;
    /// 529 in an outage. Its documentation, 2026-09.
    Anthropic,
    /// Gemini: no headers; quota and wait in the body of a refusal. Recorded 2026-07 to 2026-09.
    Gemini,
    /// Groq: requests of a day and tokens of a minute in headers as OpenAI, other limits in a sentence,
    /// `retry-after` in seconds; 413 for what is too large. Its documentation, 2026-07.
    Groq,
    /// Cerebras: requests of a day and tokens of a minute in headers, resets in seconds with a fraction;
    /// never a wait. Its documentation, 2026-03.
    Cerebras,
    /// Mistral: windows in the names of headers, no resets; never a wait. Recorded 2026-08 and 2026-09.
    Mistral,
    /// OpenRouter: headers on refusals alone, and again in the body; the wait as milliseconds since 1970,
    /// which readers misunderstand unless the scenario's `start` is later than 2001. Recorded 2026-05
    /// to 2026-09.
    #[serde(rename = "openrouter")]
    OpenRouter,
    /// Cohere with a trial key: calls of a minute and a month in headers of answers; a sentence without
    /// a wait on refusals. Its documentation, 2025-11.
    Cohere,
    /// NVIDIA NIM: a status and its name. Recorded 2026-06 to 2026-08.
    NvidiaNim,
    /// DeepSeek: a status, and a sentence on errors other than 429. Its documentation, 2026.
    #[serde(rename = "deepseek")]
    DeepSeek,
}

/// What a refusal says about when to come back.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RetryAfter {
    /// The first nanosecond at which the call would conform.
    Exact,
    /// The same, rounded up to whole seconds, as in HTTP.
    #[default]
    Seconds,
    /// Nothing at all.
    Missing,
    /// The exact time, times a factor.
    Wrong {
        /// The factor, such as 0.5 for clients that are told to come back too early.
        factor: Positive,
    },
}

/// A time at which every call fails.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawOutage")]
#[schemars(with = "RawOutage")]
pub struct Outage {
    /// From this time on, since the start.
    pub from: Seconds,
    /// Until before this time.
    pub to: Seconds,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawOutage {
    /// When it begins, in seconds since the start.
    from_s: Seconds,
    /// When it ends, in seconds since the start; later than `from_s`.
    to_s: Seconds,
}

impl TryFrom<RawOutage> for Outage {
    type Error = String;

    fn try_from(raw: RawOutage) -> Result<Self, String> {
        if raw.from_s >= raw.to_s {
            return Err("an outage ends after it begins: expected from_s < to_s".to_owned());
        }
        Ok(Self {
            from: raw.from_s,
            to: raw.to_s,
        })
    }
}
