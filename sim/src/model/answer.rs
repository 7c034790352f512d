use std::time::Duration;

use super::dialect::{Gist, Response};

/// What a provider decides about a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// How long a worker needs for what was admitted; else the time until the refusal is said.
    pub(super) takes: Duration,
    /// The place of the limit that refuses the call among its limits on cells.
    pub(super) refused_by: Option<usize>,
    pub(super) said: Said,
}

/// What is read of a response, which is not worded for nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reads {
    Nothing,
    /// Why a call failed, and when to come back.
    Gist,
    /// Every word of anything but an answer.
    Faults,
    /// Every word.
    All,
}

/// What reaches a client of a response.
#[derive(Debug)]
pub(super) enum Said {
    /// Nothing but the outcome.
    Nothing,
    /// A refusal whose words need not be read.
    Gist(Gist),
    /// All of it.
    Words(Box<Response>),
}

/// What a call leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// An answer.
    Success,
    /// A 5xx; the call was admitted.
    Failed,
    /// A 429.
    Refused,
    /// The request exceeds a limit by itself and is refused forever.
    TooLarge,
    /// A 503 in an outage or under overload; no limit was touched.
    Unavailable,
}

impl Outcome {
    /// Whether the provider works on it.
    pub(super) const fn is_admitted(self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }
}
