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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_so_many_times_as_fast_and_is_never_early() {
        let start = Timestamp::from_nanos(7_000_000_000);
        for speed in [0.001, 0.3, 1.0, 7.0, 1_000.0] {
            let clock = Clock::begin(start, speed);
            let mut last = clock.now();
            assert_eq!(last, start);
            for step in 1..50 {
                let at = start.saturating_add(Duration::from_millis(17 * step));
                let began = Instant::now();
                clock.wait_until(at).await;
                let now = clock.now();
                assert!(now >= at && now >= last, "{speed}: {now:?}");
                // The timer has steps of a millisecond.
                let passed = began.elapsed().as_secs_f64();
                let wanted = at.saturating_duration_since(last).as_secs_f64() / speed;
                assert!(
                    (wanted - 1e-6..wanted + 0.003).contains(&passed),
                    "{speed}: {passed}"
                );
                last = now;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_looked_for_once_a_day() {
        let clock = Clock::begin(Timestamp::EPOCH, 1.0);
        let in_three_days = Timestamp::from_nanos(260_000_000_000_000);
        clock.wait_until(in_three_days).await;
        assert!(clock.now() >= in_three_days);
        let clock = Clock::begin(Timestamp::EPOCH, 1e-9);
        let at = Timestamp::from_nanos(u64::MAX);
        assert_eq!(clock.instant(at) - Instant::now(), FAR);
    }
}
