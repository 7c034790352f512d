use std::time::Duration;

use paceline_core::{Clock, Timestamp};

use crate::clock::wall;

/// A real clock that costs a third of std's to read.
///
/// It reads the processor's counter through `quanta`; see docs/BENCHMARKS.md. It reads the wall
/// once, when it is made, and never runs back. It does not follow a time that tests have paused.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Timestamp,
    clock: quanta::Clock,
    started_at: quanta::Instant,
}

impl SystemClock {
    /// Makes a clock that shows the time of day; the first one takes some milliseconds to calibrate.
    #[expect(
        clippy::new_without_default,
        reason = "reading the time is not a default"
    )]
    pub fn new() -> Self {
        let clock = quanta::Clock::new();
        let started_at = clock.now();
        Self {
            start: wall(),
            clock,
            started_at,
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed: Duration = self.clock.now().saturating_duration_since(self.started_at);
        self.start.saturating_add(elapsed)
    }
}
