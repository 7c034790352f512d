use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use paceline_core::{Clock, Timestamp};

use crate::clock::wall;

/// A real clock that costs half of std's to read.
///
/// It reads the processor's counter through `quanta`; see docs/BENCHMARKS.md. It reads the wall when
/// it is made, advances by the counter from then on, and never runs back. Once a second it looks
/// whether the wall has run ahead by more than a second, as after a suspend, and steps forward then.
/// It does not follow a time that tests have paused.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Timestamp,
    clock: quanta::Clock,
    started_at: quanta::Instant,
    steps: Arc<Steps>,
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
            steps: Arc::default(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.clock.now().saturating_duration_since(self.started_at);
        self.steps.shown(self.start.saturating_add(elapsed), wall)
    }
}

/// How far the wall has run ahead of the counter, in steps.
#[derive(Debug, Default)]
struct Steps {
    /// In nanoseconds.
    ahead: AtomicU64,
    /// When to look at the wall again, by the counter.
    look_at: AtomicU64,
}

impl Steps {
    /// The time to show when the counter has come to `counted`.
    ///
    /// Nothing else is published with either number, so their order does not matter.
    fn shown(&self, counted: Timestamp, wall: impl FnOnce() -> Timestamp) -> Timestamp {
        const SECOND: Duration = Duration::from_secs(1);

        if counted.as_nanos() >= self.look_at.load(Relaxed) {
            let next = counted.saturating_add(SECOND);
            self.look_at.store(next.as_nanos(), Relaxed);
            let gap = wall().saturating_duration_since(counted);
            let gap = u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX);
            // Clocks drift apart by less; that is not made up for.
            let least = Duration::from_nanos(self.ahead.load(Relaxed)) + SECOND;
            if u128::from(gap) > least.as_nanos() {
                self.ahead.fetch_max(gap, Relaxed);
            }
        }
        counted.saturating_add(Duration::from_nanos(self.ahead.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::EPOCH.saturating_add(Duration::from_millis(ms))
    }

    #[test]
    fn it_steps_forward_after_a_suspend_and_not_for_drift() {
        let steps = Steps::default();
        assert_eq!(steps.shown(at(0), || at(900)), at(0));
        // The wall is looked at once a second.
        assert_eq!(steps.shown(at(999), || at(60_999)), at(999));
        assert_eq!(steps.shown(at(1_000), || at(61_000)), at(61_000));
        assert_eq!(steps.shown(at(1_500), || panic!("too soon")), at(61_500));
        // Set back, or ahead by a little.
        assert_eq!(steps.shown(at(2_000), || at(5)), at(62_000));
        assert_eq!(steps.shown(at(3_000), || at(63_900)), at(63_000));
        assert_eq!(steps.shown(at(4_000), || at(65_001)), at(65_001));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the wall does, time does not run back, and passes at least as fast as the counter.
        #[test]
        fn it_never_runs_back(steps in vec((0..3_000_u64, any::<u64>()), 1..60)) {
            let clock = Steps::default();
            let (mut counted, mut last) = (0, Timestamp::EPOCH);
            for (passed, wall) in steps {
                counted += passed;
                let shown = clock.shown(at(counted), || Timestamp::from_nanos(wall));
                prop_assert!(shown >= last.saturating_add(Duration::from_millis(passed)) || shown == Timestamp::MAX);
                last = shown;
            }
        }
    }

    #[test]
    fn a_real_one_shows_the_time_of_day() {
        let before = wall();
        let shown = SystemClock::new().now();
        assert!(before <= shown && shown <= wall().saturating_add(Duration::from_secs(1)));
    }
}
