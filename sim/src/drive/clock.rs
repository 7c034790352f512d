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

        /// When a span has passed in real time the clock has gone on by all of it, and a nanosecond before it had not.
        #[test]
        fn a_span_takes_as_long_as_the_clock_needs(nanos in 0..u64::MAX / 2, speed in 1..1_000_u32) {
            let span = Duration::from_nanos(nanos);
            let speed = NonZeroU32::new(speed).expect("above 0");
            let clock = FastClock::starting_at(Timestamp::EPOCH, speed);
            let takes = clock.in_real_time(span);
            prop_assert!(takes * speed.get() >= span);
            if let Some(less) = takes.checked_sub(Duration::from_nanos(1)) {
                prop_assert!(less * speed.get() < span);
            }
        }

        /// It shows as many times what has passed, and time passes while this is found out.
        #[test]
        fn it_goes_so_many_times_as_fast(start in 0..u64::MAX / 2, speed in 1..1_000_u32) {
            let speed = NonZeroU32::new(speed).expect("above 0");
            let (start, then) = (Timestamp::from_nanos(start), Instant::now());
            let clock = FastClock::since(start, then, speed);
            let before = then.elapsed() * speed.get();
            let shown = clock.now().saturating_duration_since(start);
            let after = then.elapsed() * speed.get();
            prop_assert!((before..=after).contains(&shown));
        }
    }

    #[test]
    fn no_span_is_too_long() {
        let clock = FastClock::starting_at(Timestamp::EPOCH, NonZeroU32::MIN);
        let longest = Duration::from_nanos(u64::MAX);
        assert_eq!(clock.in_real_time(Duration::MAX), longest);
    }
}
