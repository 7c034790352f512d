use std::{future::pending, num::NonZeroU32, time::Duration};

use paceline_core::{Clock, Timestamp};
use tokio::time::{self, Instant};

/// A clock that goes a whole number of times as fast as time.
#[derive(Clone, Copy, Debug)]
pub struct FastClock {
    start: Timestamp,
    started_at: Instant,
    speed: NonZeroU32,
}

impl FastClock {
    /// Makes a clock that shows `start` now.
    pub fn starting_at(start: Timestamp, speed: NonZeroU32) -> Self {
        Self::since(start, Instant::now(), speed)
    }

    /// Makes a clock that showed `start` then.
    pub const fn since(start: Timestamp, then: Instant, speed: NonZeroU32) -> Self {
        Self {
            start,
            started_at: then,
            speed,
        }
    }

    /// Sleeps until it shows `at`; up to a millisecond longer, as timers go.
    pub async fn sleep_until(&self, at: Timestamp) {
        let span = at.saturating_duration_since(self.start);
        let deadline = self.started_at.checked_add(self.in_real_time(span));
        match deadline.filter(|_| at < Timestamp::MAX) {
            Some(deadline) => time::sleep_until(deadline).await,
            // Nobody lives to see it.
            None => pending().await,
        }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.started_at.elapsed();
        let elapsed = elapsed.checked_mul(self.speed.get());
        self.start.saturating_add(elapsed.unwrap_or(Duration::MAX))
    }

    fn in_real_time(&self, span: Duration) -> Duration {
        let nanos = span.as_nanos().div_ceil(self.speed.get().into());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whoever sleeps until a time finds that it has come, and not by more than a timer's resolution.
        #[test]
        fn who_sleeps_wakes_in_time(start in 0..u64::MAX / 2, nanos in 0..100_000_000_000_u64, speed in 1..1_000_u32) {
            let speed = NonZeroU32::new(speed).expect("above 0");
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
            let (at, now) = runtime.block_on(async {
                let clock = FastClock::starting_at(Timestamp::from_nanos(start), speed);
                let at = Timestamp::from_nanos(start + nanos);
                clock.sleep_until(at).await;
                (at, clock.now())
            });
            let late = now.saturating_duration_since(at);
            prop_assert!(now >= at && late <= 2 * Duration::from_millis(1) * speed.get(), "{late:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_span_is_too_long() {
        let clock = FastClock::starting_at(Timestamp::EPOCH, NonZeroU32::MIN);
        assert_eq!(
            clock.in_real_time(Duration::MAX),
            Duration::from_nanos(u64::MAX)
        );
        let never = clock.sleep_until(Timestamp::MAX);
        assert!(
            time::timeout(Duration::from_secs(86_400), never)
                .await
                .is_err()
        );
    }
}
