use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::model::Outcome;

/// How many calls a server has seen, and what became of them.
///
/// A call is a request that is whole and has a key; what else is refused counts nowhere.
#[derive(Debug, Default)]
pub struct Counts {
    calls: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    left: AtomicU64,
}

impl Counts {
    /// Calls that arrived.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Calls that were admitted and answered to their end.
    pub fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// Calls that a limit refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Calls that failed otherwise.
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    /// Calls whose clients hung up before the answer was there.
    pub fn left(&self) -> u64 {
        self.left.load(Relaxed)
    }

    /// Calls that have not come to their end.
    pub fn under_way(&self) -> u64 {
        let ended = [self.answered(), self.refused(), self.failed(), self.left()];
        let ended = ended.into_iter().fold(0, u64::saturating_add);
        self.calls().saturating_sub(ended)
    }

    pub(super) fn arrived(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Success => &self.answered,
            Outcome::Refused | Outcome::TooLarge => &self.refused,
            Outcome::Failed | Outcome::Unavailable => &self.failed,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(super) fn hung_up(&self) {
        self.left.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls: {} answered, {} refused, {} failed, {} hung up, {} under way",
            self.calls(),
            self.answered(),
            self.refused(),
            self.failed(),
            self.left(),
            self.under_way()
        )
    }
}
