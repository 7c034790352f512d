use std::time::Duration;

use paceline_core::Timestamp;

use crate::scenario::Scenario;

/// The state of a run over time, bin by bin: how many requests wait, and what limits have left.
///
/// Between two events nothing is kept but a sum, so it costs an event an addition, and each bin a number per
/// limit. All are whole numbers, so the order in which runs are added does not matter.
#[derive(Clone, Debug)]
pub struct Gauges {
    /// Requests that had arrived and had no call under way, times nanoseconds, of each bin.
    waiting: Vec<u128>,
    /// What each limit had left at the end of each bin, in billionths of its burst.
    left: Vec<Vec<u64>>,
    /// Since when the current bin's sum holds.
    since: Timestamp,
    sum: u128,
    bin: Duration,
    start: Timestamp,
    begins: Timestamp,
    end: Timestamp,
}

/// All that a limit holds.
pub(super) const ALL: u64 = 1_000_000_000;

impl Gauges {
    /// Makes empty ones for a run of this scenario.
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self::of(
            scenario.start(),
            scenario.duration(),
            scenario.bin(),
            scenario.limits().count(),
        )
    }

    fn of(start: Timestamp, duration: Duration, bin: Duration, limits: usize) -> Self {
        Self {
            waiting: Vec::new(),
            left: vec![Vec::new(); limits],
            since: start,
            sum: 0,
            bin: bin.max(Duration::from_nanos(1)),
            start,
            begins: start,
            end: start.saturating_add(duration),
        }
    }

    /// The end of the current bin, if it is over by `now`.
    pub(crate) fn over(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.begins.saturating_add(self.bin).min(self.end);
        (ends <= now && ends > self.begins).then_some(ends)
    }

    /// Takes note that so many requests waited until `now`, which lies in the current bin or at its end.
    pub(crate) fn pass(&mut self, now: Timestamp, waiting: u64) {
        let span = now.saturating_duration_since(self.since);
        self.sum += u128::from(waiting) * span.as_nanos();
        self.since = now;
    }

    /// Ends the current bin with what each limit has left.
    pub(crate) fn close(&mut self, at: Timestamp, left: impl Iterator<Item = u64>) {
        self.waiting.push(self.sum);
        for (series, left) in self.left.iter_mut().zip(left) {
            series.push(left);
        }
        self.sum = 0;
        self.begins = at;
    }

    /// Adds those of another run of the same length and limits.
    pub(super) fn add(&mut self, other: &Self) {
        self.waiting.resize(other.waiting.len(), 0);
        for (sum, other) in self.waiting.iter_mut().zip(&other.waiting) {
            *sum += other;
        }
        for (series, other) in self.left.iter_mut().zip(&other.left) {
            series.resize(other.len(), 0);
            for (sum, other) in series.iter_mut().zip(other) {
                *sum += other;
            }
        }
    }

    /// How many requests waited, on average over each bin of so many runs.
    pub fn waiting(&self, runs: usize) -> Vec<f64> {
        let mut begins = self.start;
        let mut mean = |&sum: &u128| {
            let ends = begins.saturating_add(self.bin).min(self.end);
            let width = ends.saturating_duration_since(begins).as_nanos();
            begins = ends;
            ratio(sum, width * runs.max(1) as u128)
        };
        self.waiting.iter().map(&mut mean).collect()
    }

    /// What each limit had left at the end of each bin, as a share of its burst; the mean of so many runs.
    pub fn left(&self, runs: usize) -> Vec<Vec<f64>> {
        let all = u128::from(ALL) * runs.max(1) as u128;
        let series = self.left.iter();
        let shares = |series: &Vec<u64>| series.iter().map(|&sum| ratio(sum.into(), all)).collect();
        series.map(shares).collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean for people, who read a few digits of it"
)]
fn ratio(sum: u128, of: u128) -> f64 {
    if of == 0 { 0.0 } else { sum as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// What the event loop does.
    fn record(changes: &[(u64, u64)], duration: u64, bin: u64) -> Gauges {
        let at = Timestamp::from_nanos;
        let span = Duration::from_nanos;
        let mut gauges = Gauges::of(at(5), span(duration), span(bin), 1);
        let mut waiting = 0;
        let end = (5 + duration, 0);
        for &(now, next) in changes.iter().filter(|it| it.0 < end.0).chain([&end]) {
            while let Some(over) = gauges.over(at(now)) {
                gauges.pass(over, waiting);
                gauges.close(over, [ALL].into_iter());
            }
            gauges.pass(at(now), waiting);
            waiting = next;
        }
        gauges
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle asks at every nanosecond who waits.
        #[test]
        fn the_mean_of_each_bin_is_that_over_its_time(
            mut changes in vec((5..100_u64, 0..9_u64), 0..40),
            duration in 1..90_u64,
            bin in 1..40_u64,
        ) {
            changes.sort_by_key(|&(at, _)| at);
            let gauges = record(&changes, duration, bin);
            let means = gauges.waiting(1);
            prop_assert_eq!(means.len() as u64, duration.div_ceil(bin));
            prop_assert_eq!(gauges.left(1), vec![vec![1.0; means.len()]]);
            for (place, mean) in (0_u64..).zip(&means) {
                let moments = place * bin..((place + 1) * bin).min(duration);
                let width = moments.end - moments.start;
                let at = |moment: u64| {
                    let before = changes.iter().take_while(|it| it.0 <= 5 + moment);
                    before.last().map_or(0, |it| it.1)
                };
                let sum: u64 = moments.map(at).sum();
                prop_assert!((mean - ratio(sum.into(), width.into())).abs() < 1e-9);
            }
        }

        /// The mean of two runs is that of their means.
        #[test]
        fn runs_add_up(
            one in vec((5..100_u64, 0..9_u64), 0..20),
            other in vec((5..100_u64, 0..9_u64), 0..20),
        ) {
            let runs = [one, other].map(|mut changes| {
                changes.sort_by_key(|&(at, _)| at);
                record(&changes, 90, 20)
            });
            let mut sum = Gauges::of(
                Timestamp::from_nanos(5),
                Duration::from_nanos(90),
                Duration::from_nanos(20),
                1,
            );
            runs.iter().for_each(|run| sum.add(run));
            let [one, other] = runs.map(|run| run.waiting(1));
            for ((one, other), mean) in one.iter().zip(&other).zip(sum.waiting(2)) {
                prop_assert!((mean - (one + other) / 2.0).abs() < 1e-9);
            }
            prop_assert_eq!(sum.left(2), vec![vec![1.0; 5]]);
        }
    }
}
