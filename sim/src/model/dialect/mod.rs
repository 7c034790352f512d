//! How providers word their answers: real header names and bodies.

mod generic;

use std::time::Duration;

use paceline_core::Timestamp;

use crate::scenario::{limit::RateLimit, provider::Dialect};

/// A response as it goes over the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty where it says nothing about limits.
    pub body: String,
}

/// What a response is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occasion {
    /// An answer.
    Answer,
    /// A 5xx of a call that was admitted.
    Failure,
    /// A 503 in an outage.
    Outage,
    /// The limit with this place in the list refused.
    Refusal {
        /// What it costs of that limit.
        requested: u64,
        /// The place of the limit.
        by: usize,
        /// When the provider says to come back, if it says so.
        retry_after: Option<Duration>,
    },
    /// Too many calls are under way.
    Busy {
        /// How many may be.
        most: u64,
    },
    /// The request is larger than the limit with this place allows at once.
    TooLarge {
        /// What it costs of that limit.
        requested: u64,
        /// The place of the limit.
        by: usize,
    },
}

/// What a provider knows of one of its limits.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The limit.
    pub rate: &'a RateLimit,
    /// What is left.
    pub remaining: u64,
    /// When all of it is there again.
    pub full_at: Timestamp,
}

/// Words a response that is decided at `now`.
pub fn write(
    dialect: Dialect,
    now: Timestamp,
    occasion: Occasion,
    limits: &[State<'_>],
) -> Response {
    match dialect {
        Dialect::Generic => generic::write(now, occasion, limits),
    }
}
