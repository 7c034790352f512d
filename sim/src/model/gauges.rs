use std::time::Duration;

use paceline_core::Timestamp;

/// The state of a run over time, bin by bin: how many requests wait, and what limits have left.
///
/// Nothing is kept between two events but one sum, so it costs an event an addition and each bin a number
/// per limit.
#[derive(Clone, Debug)]
pub struct Gauges {
    /// Requests that had arrived and had no call under way, averaged over the time of each bin.
    pub waiting: Vec<f64>,
    /// What each limit of the providers had left at the end of each bin, as a share of its burst. A limit of
    /// several keys counts as their mean.
    pub left: Vec<Vec<f64>>,
    /// Since when the sum holds.
    since: Timestamp,
    /// Waiting requests times nanoseconds, since the bin began.
    sum: u128,
    bin: Duration,
    begins: Timestamp,
    end: Timestamp,
}

impl Gauges {
    /// Makes empty ones for a run of this length and so many limits.
    pub(super) fn new(start: Timestamp, duration: Duration, bin: Duration, limits: usize) -> Self {
        Self {
            waiting: Vec::new(),
            left: vec![Vec::new(); limits],
            since: start,
            sum: 0,
            bin: bin.max(Duration::from_nanos(1)),
            begins: start,
            end: start.saturating_add(duration),
        }
    }

    /// The end of the current bin, if it is over by `now`.
    pub(super) fn over(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.begins.saturating_add(self.bin).min(self.end);
        (ends <= now && ends > self.begins).then_some(ends)
    }

    /// Takes note that so many requests waited until `now`, which lies in the current bin or at its end.
    pub(super) fn pass(&mut self, now: Timestamp, waiting: u64) {
        let span = now.saturating_duration_since(self.since);
        self.sum += u128::from(waiting) * span.as_nanos();
        self.since = now;
    }

    /// Ends the current bin with what each limit has left.
    pub(super) fn close(&mut self, at: Timestamp, left: impl Iterator<Item = f64>) {
        let width = at.saturating_duration_since(self.begins).as_nanos();
        self.waiting.push(ratio(self.sum, width.max(1)));
        for (series, left) in self.left.iter_mut().zip(left) {
            series.push(left);
        }
        self.sum = 0;
        self.begins = at;
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean for people, who read a few digits of it"
)]
fn ratio(sum: u128, width: u128) -> f64 {
    sum as f64 / width as f64
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// What the event loop does.
    fn record(changes: &[(u64, u64)], duration: u64, bin: u64) -> Gauges {
        let at = Timestamp::from_nanos;
        let span = Duration::from_nanos;
        let mut gauges = Gauges::new(at(5), span(duration), span(bin), 1);
        let mut waiting = 0;
        let end = (5 + duration, 0);
        for &(now, next) in changes.iter().filter(|it| it.0 < end.0).chain([&end]) {
            while let Some(over) = gauges.over(at(now)) {
                gauges.pass(over, waiting);
                gauges.close(over, [1.0].into_iter());
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
            prop_assert_eq!(gauges.waiting.len() as u64, duration.div_ceil(bin));
            prop_assert_eq!(gauges.left[0].len(), gauges.waiting.len());
            for (place, mean) in (0_u64..).zip(&gauges.waiting) {
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
    }
}
