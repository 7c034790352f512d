use std::time::Duration;

use paceline_core::Timestamp;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseResult, TestRunner},
};

/// How far apart and how large the random calls are.
///
/// Half of the waits are short, a sixteenth of the longest at most, and some are zero, so that
/// calls bunch up at one instant as well as spread out. Costs run from zero to the largest.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// The longest time between two calls.
    pub longest_wait: Duration,
    /// The largest cost of a call, in cells.
    pub largest_cost: u64,
    /// How far a clock may run behind the latest call; a quarter of the calls lag.
    pub longest_lag: Duration,
}

/// One call: wait, perhaps read a clock that lags, then ask for some cells.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) wait: Duration,
    pub(crate) lag: Duration,
    pub(crate) cost: u64,
}

impl Schedule {
    /// Makes a schedule whose clock may lag by as much as the longest wait.
    pub const fn new(longest_wait: Duration, largest_cost: u64) -> Self {
        Self {
            longest_wait,
            largest_cost,
            longest_lag: longest_wait,
        }
    }

    /// The same schedule with a clock that never lags.
    pub(crate) const fn punctual(self) -> Self {
        Self {
            longest_lag: Duration::ZERO,
            ..self
        }
    }

    /// Runs `property` on random schedules.
    ///
    /// # Panics
    ///
    /// Panics with a minimal schedule if the property fails.
    #[track_caller]
    pub(crate) fn for_all(self, property: impl Fn(&[Step]) -> TestCaseResult) {
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        // A runner serves one property: used for a second one, it would run no case at all.
        if let Err(err) = TestRunner::new(config).run(&self.steps(), |steps| property(&steps)) {
            panic!("{err}");
        }
    }

    fn steps(self) -> impl Strategy<Value = Vec<Step>> {
        let wait = nanos(self.longest_wait);
        let wait = prop_oneof![1 => Just(0), 3 => 0..=wait / 16, 4 => 0..=wait];
        let lag = prop_oneof![3 => Just(0), 1 => 0..=nanos(self.longest_lag)];
        let most = self.largest_cost;
        let cost = prop_oneof![1 => 0..=most.min(2), 2 => 0..=most / 8, 2 => 0..=most];
        let step = (wait, lag, cost).prop_map(|(wait, lag, cost)| Step {
            wait: Duration::from_nanos(wait),
            lag: Duration::from_nanos(lag),
            cost,
        });
        vec(step, 1..60)
    }
}

/// The clock of a schedule: the latest time, and the reading that a lagging clock shows.
#[derive(Default)]
pub(crate) struct Clocks {
    pub(crate) latest: Timestamp,
}

impl Clocks {
    pub(crate) fn step(&mut self, step: &Step) -> Timestamp {
        self.latest = self.latest.saturating_add(step.wait);
        self.latest.saturating_sub(step.lag)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
