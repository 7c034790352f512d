use serde_json::Value;

use crate::model::{HeldBy, Outcome};

/// A request that is not over.
pub(super) struct Open {
    pub(super) client: usize,
    pub(super) args: Value,
    pub(super) phase: Phase,
    /// Whether the slice of the phase is open.
    pub(super) shown: bool,
}

/// What a request goes through.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// Nothing that takes time.
    Between,
    /// It is in a batch that is not sent yet, or for which another request speaks.
    Collected,
    HeldBack,
    /// It waits or sleeps, last held by these.
    Waiting(Vec<HeldBy>),
    /// Its call is on the way to the provider.
    Going {
        call: u32,
    },
    /// Its call has reached the provider.
    Call {
        key: usize,
        call: u32,
        outcome: Outcome,
        /// The limit that refuses it.
        limit: Option<String>,
    },
    Backoff,
}

impl Phase {
    /// Whether it is over at once as a rule, and shows only if not.
    pub(super) const fn is_brief(&self) -> bool {
        matches!(self, Self::Waiting(_) | Self::Going { .. })
    }

    /// What its slice is called, if it has one.
    pub(super) fn name(&self) -> Option<String> {
        Some(match self {
            Self::Between => return None,
            Self::Collected => "in a batch".to_owned(),
            Self::HeldBack => "until off-peak hours".to_owned(),
            Self::Waiting(_) => "waiting".to_owned(),
            Self::Going { call } => format!("call {call} on its way"),
            Self::Call { call, .. } => format!("call {call}"),
            Self::Backoff => "backoff".to_owned(),
        })
    }
}
