use std::time::SystemTime;

use paceline_core::{Clock, Timestamp};
use tokio::time::Instant;

/// Tokio's clock, which tests can pause.
///
/// It reads the wall once, when it is made, and advances with tokio's time from then on. Where that
/// stands still while the machine is suspended, as on Linux, it falls behind the wall: limits are then
/// stricter than need be, and calendars late. `SystemClock`, behind a feature, steps forward.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Timestamp,
    started_at: Instant,
}

impl TokioClock {
    /// Makes a clock that shows the time of day.
    #[expect(
        clippy::new_without_default,
        reason = "reading the time is not a default"
    )]
    pub fn new() -> Self {
        Self::starting_at(wall())
    }

    /// Makes a clock that shows `start` now, for tests that must not depend on the day.
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            started_at: Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.start.saturating_add(self.started_at.elapsed())
    }
}

/// The time of day, or the epoch if the system's clock stands before it.
#[expect(clippy::disallowed_methods, reason = "a clock reads the time")]
pub(crate) fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::EPOCH.saturating_add(since_epoch.unwrap_or_default())
}
