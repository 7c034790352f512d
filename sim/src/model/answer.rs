use std::time::Duration;

use super::dialect::Response;

/// What a provider decides about a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// How long a worker needs for what was admitted; else the time until the refusal is said.
    pub(super) takes: Duration,
    /// What is said, if anybody reads that.
    pub(super) response: Option<Response>,
}

/// What is read of a response, which is not worded for nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reads {
    Nothing,
    /// What comes with anything but an answer.
    Faults,
    All,
}

/// What a call leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
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
