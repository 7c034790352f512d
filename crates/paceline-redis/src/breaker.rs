use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use paceline_core::Timestamp;

/// Keeps calls from a store that does not answer, and lets one at a time try again.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// When the next probe may go, in nanoseconds since the epoch; 0 while the store answers.
    probe_at: AtomicU64,
    spacing: Duration,
}

/// What the breaker says to a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pass {
    /// The store answers.
    Free,
    /// The store did not answer; find out whether it does now.
    Probe,
    /// The store does not answer, and somebody else finds out.
    Stop,
}

impl Breaker {
    pub(crate) const fn new(spacing: Duration) -> Self {
        Self {
            probe_at: AtomicU64::new(0),
            spacing,
        }
    }

    pub(crate) fn pass(&self, now: Timestamp) -> Pass {
        let probe_at = self.probe_at.load(Ordering::Acquire);
        if probe_at == 0 {
            return Pass::Free;
        }
        if now.as_nanos() < probe_at {
            return Pass::Stop;
        }
        // Whoever moves it on goes.
        let next = now.saturating_add(self.spacing).as_nanos();
        let moved =
            self.probe_at
                .compare_exchange(probe_at, next, Ordering::AcqRel, Ordering::Acquire);
        if moved.is_ok() {
            Pass::Probe
        } else {
            Pass::Stop
        }
    }

    /// Whether the store answered when it was last asked.
    pub(crate) fn is_free(&self) -> bool {
        self.probe_at.load(Ordering::Acquire) == 0
    }

    /// The store answered.
    pub(crate) fn answered(&self) {
        if self.probe_at.load(Ordering::Acquire) != 0 {
            self.probe_at.store(0, Ordering::Release);
        }
    }

    /// The store did not answer.
    pub(crate) fn failed(&self, now: Timestamp) {
        let next = now.saturating_add(self.spacing).as_nanos().max(1);
        // Whoever failed with it changes nothing: the first failure says when to probe.
        let _ = self
            .probe_at
            .compare_exchange(0, next, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_probe_goes_per_spacing() {
        let breaker = Breaker::new(Duration::from_millis(250));
        let at = |ms: u64| Timestamp::from_nanos((1_000 + ms) * 1_000_000);
        assert_eq!(breaker.pass(at(0)), Pass::Free);
        breaker.failed(at(0));
        breaker.failed(at(100));
        assert_eq!(breaker.pass(at(249)), Pass::Stop);
        assert_eq!(breaker.pass(at(250)), Pass::Probe);
        assert_eq!(breaker.pass(at(250)), Pass::Stop);
        assert_eq!(breaker.pass(at(499)), Pass::Stop);
        assert_eq!(breaker.pass(at(500)), Pass::Probe);
        breaker.answered();
        assert_eq!(breaker.pass(at(501)), Pass::Free);
    }
}
