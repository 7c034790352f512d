//! When a client tries again, and what bounds that.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Positive, PositiveSeconds, Seconds};

/// When a client tries again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backoff {
    /// How long to wait before a retry, without a hint of the server.
    pub delay: Delay,
    /// How to spread the delay, so that clients do not come back together.
    #[serde(default)]
    #[schemars(extend("default" = "none"))]
    pub jitter: Jitter,
    /// At most so many retries of a request after refusals. If absent, as many as it takes.
    pub throttle_retries: Option<u32>,
    /// At most so many retries of a request after faults. If absent, as many as it takes.
    pub error_retries: Option<u32>,
    /// Gives up when a retry would begin later than this after the first call, in seconds. If absent, never.
    pub max_elapsed_s: Option<PositiveSeconds>,
    /// What to make of the server's hint about when to come back.
    #[serde(default)]
    #[schemars(extend("default" = "floor"))]
    pub hint: Hint,
    /// Where to look for that hint.
    #[serde(default)]
    #[schemars(extend("default" = "anywhere"))]
    pub hint_in: HintIn,
    /// What to do about a hint that is long.
    #[serde(default)]
    #[schemars(extend("default" = "honour"))]
    pub hint_policy: HintPolicy,
}

/// How long to wait before a retry; the cap holds for the jittered delay too.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same, in seconds.
    ConstantS(Seconds),
    /// A first delay, and a step more each time.
    Linear {
        /// The first delay, in seconds.
        initial_s: Seconds,
        /// What each retry adds, in seconds.
        step_s: Seconds,
        /// No longer than this, in seconds, and at least the first delay.
        cap_s: PositiveSeconds,
    },
    /// A first delay, multiplied each time.
    Exponential {
        /// The first delay, in seconds.
        initial_s: Seconds,
        /// By which each delay is longer than the one before; a whole number.
        #[serde(default = "two")]
        #[schemars(range(min = 1))]
        factor: u32,
        /// No longer than this, in seconds, and at least the first delay.
        cap_s: PositiveSeconds,
    },
    /// A unit, times 1, 1, 2, 3, 5, 8 and so on.
    Fibonacci {
        /// The unit, in seconds.
        unit_s: Seconds,
        /// No longer than this, in seconds, and at least the first delay.
        cap_s: PositiveSeconds,
    },
    /// Between a base and three times the previous delay.
    Decorrelated {
        /// The least delay, in seconds.
        base_s: PositiveSeconds,
        /// No longer than this, in seconds, and at least the first delay.
        cap_s: PositiveSeconds,
    },
    /// These delays in seconds, from 1 to 16 of them; the last one repeats.
    ScheduleS(#[schemars(length(min = 1, max = 16))] Vec<Seconds>),
}

const fn two() -> u32 {
    2
}

const fn hundred() -> u32 {
    100
}

/// How a delay `d` is spread.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Jitter {
    /// Exactly `d`.
    #[default]
    None,
    /// Between 0 and `d`.
    Full,
    /// Between `d / 2` and `d`.
    Equal,
    /// Up to so many percent less or more than `d`.
    ProportionalPercent(#[schemars(range(max = 100))] u32),
    /// Up to so many percent less than `d`.
    DownPercent(#[schemars(range(max = 100))] u32),
    /// Up to so many seconds more than `d`.
    AddS(Seconds),
}

/// What to make of the server's hint.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// Wait at least that long, and the jittered delay on top.
    #[default]
    Floor,
    /// Wait exactly that long.
    Exact,
    /// Ignore it.
    Ignore,
}

/// Where a client looks for a hint.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum HintIn {
    /// Wherever a provider may put it: headers, fields of the body, sentences.
    #[default]
    Anywhere,
    /// In `retry-after-ms` and `Retry-After` alone, as SDKs do.
    Headers,
}

/// What to do about a hint that is long.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HintPolicy {
    /// Wait, however long.
    #[default]
    Honour,
    /// Give up if it is longer than this, in seconds.
    FailAboveS(Seconds),
    /// Wait for so many seconds at most.
    ClampS(Seconds),
    /// Be deaf to it if it is longer than so many seconds, as some clients are, which then return too early.
    IgnoreAboveS(Seconds),
}

/// What bounds retries over all requests of a client.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Budget {
    /// A share of the first calls may be retried, and a few a second besides.
    Ratio {
        /// Retries per hundred first calls.
        #[schemars(range(max = 100))]
        percent: u32,
        /// Retries per second that are always allowed.
        #[serde(default)]
        floor_per_s: u32,
        /// No more retries than this are saved up.
        #[serde(default = "hundred")]
        most: u32,
        /// Retries that it starts with, of at most `most`.
        #[serde(default)]
        initial: u32,
        /// How long unspent retries are kept, in seconds. If absent, forever.
        time_to_live_s: Option<PositiveSeconds>,
    },
    /// Tokens that retries cost and successes earn, as in the AWS SDKs.
    AwsQuota {
        /// The tokens that it starts with; what exceeds 500 is dropped.
        #[serde(default)]
        initial: u32,
    },
    /// Tokens that failures take and successes earn, as in gRPC: no retries while no more than half are left.
    Grpc {
        /// The tokens that it starts with and holds at most.
        #[serde(default = "ten")]
        #[schemars(range(min = 1, max = 1_000))]
        tokens: u32,
        /// What a success earns, in tokens, to three digits; a failure takes 1.
        #[serde(default = "tenth")]
        #[schemars(extend("default" = 0.1))]
        per_success: Positive,
    },
    /// A circuit breaker for retries: none while failures exceed a share of first calls.
    Breaker {
        /// Failures per hundred first calls.
        #[schemars(range(max = 100))]
        percent: u32,
        /// What happened longer ago, in seconds, is forgotten. If absent, nothing is.
        window_s: Option<PositiveSeconds>,
    },
}

const fn ten() -> u32 {
    10
}

fn tenth() -> Positive {
    Positive::try_from(0.1).expect("a tenth is above 0")
}

/// Calls that a client does not even make while its provider accepts too small a share of them.
///
/// Of `r` calls that wanted to go in the window and `a` that the provider neither refused nor left
/// unanswered, a call is held back with the probability `(r - multiple * a) / (r + 1)`, and takes the
/// way of a refused one, without a hint.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// In percent, so many times what was accepted is sent.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 100))]
    pub multiple_percent: u32,
    /// What happened longer ago, in seconds, is forgotten.
    #[serde(default = "two_minutes")]
    #[schemars(extend("default" = 120))]
    pub window_s: PositiveSeconds,
}

const fn two_hundred() -> u32 {
    200
}

fn two_minutes() -> PositiveSeconds {
    PositiveSeconds::try_from(120.0).expect("two minutes are a span of time")
}
