use std::time::Duration;

use paceline_core::Timestamp;
use tokio::time::Instant;

/// The provider's clock: it begins at the start of the scenario, runs so many times as fast as real time, and
/// never back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Timestamp,
    began: Instant,
    speed: f64,
}

/// What is farther away than this is waited for in parts.
const FAR: Duration = Duration::from_secs(86_400);

impl Clock {
    /// A clock that begins to run now.
    pub(super) fn begin(start: Timestamp, speed: f64) -> Self {
        Self {
            start,
            began: Instant::now(),
            speed,
        }
    }

    /// How late it is for the provider.
    pub(super) fn now(&self) -> Timestamp {
        let passed = self.began.elapsed().as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX);
        self.start.saturating_add(passed)
    }

    /// When to look again whether it is so late for the provider; what is a day away or more, in a day.
    pub(super) fn instant(&self, at: Timestamp) -> Instant {
        let wait = at.saturating_duration_since(self.now()).as_secs_f64() / self.speed;
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(FAR).min(FAR);
        Instant::now() + wait
    }

    /// Waits until it is so late for the provider.
    pub(super) async fn wait_until(&self, at: Timestamp) {
        while self.now() < at {
            tokio::time::sleep_until(self.instant(at)).await;
        }
    }
}
