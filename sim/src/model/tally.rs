use std::time::Duration;

use hdrhistogram::Histogram;
use paceline_core::Timestamp;

use super::provider::Outcome;
use crate::workload::Job;

/// What happened in one run, in bounded memory.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Requests that succeeded in time.
    pub completed: u64,
    /// Calls sent.
    pub calls: u64,
    /// Calls refused because of a limit.
    pub refused: u64,
    /// Calls that failed otherwise.
    pub failed: u64,
    /// Input tokens of calls that led to nothing.
    pub wasted_tokens: u64,
    /// Requests given up.
    pub abandoned: u64,
    /// Requests that were not done at the end.
    pub unfinished: u64,
    /// Time from arrival to success, in microseconds, to three digits.
    pub latency_us: Histogram<u64>,
    /// Calls admitted and refused, per bin.
    pub series: Vec<[u64; 2]>,
    start: Timestamp,
    bin: Duration,
}

/// The longest latency that is told from longer ones: 30 years.
const LONGEST_US: u64 = 1_000_000_000_000_000;

impl Tally {
    /// Makes an empty one for a run of this length.
    ///
    /// # Panics
    ///
    /// Never: the histogram's bounds are constants that it accepts.
    pub fn new(start: Timestamp, duration: Duration, bin: Duration) -> Self {
        let bins = duration.as_nanos().div_ceil(bin.as_nanos().max(1));
        let bins = usize::try_from(bins).unwrap_or(usize::MAX);
        let latency_us = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self {
            completed: 0,
            calls: 0,
            refused: 0,
            failed: 0,
            wasted_tokens: 0,
            abandoned: 0,
            unfinished: 0,
            latency_us: latency_us.expect("1 to 10^15 with 3 digits is a legal range"),
            series: vec![[0; 2]; bins],
            start,
            bin,
        }
    }

    /// Counts a call and what the provider decided.
    pub(super) fn call(&mut self, now: Timestamp, job: &Job, outcome: Outcome) {
        self.calls += 1;
        let refused = match outcome {
            Outcome::Refused { .. } | Outcome::TooLarge => true,
            Outcome::Success | Outcome::Failed => false,
            Outcome::Unavailable => {
                self.failed += 1;
                self.waste(job);
                return;
            }
        };
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let bin = usize::try_from(elapsed / self.bin.as_nanos().max(1)).unwrap_or(usize::MAX);
        if let Some(bin) = self.series.get_mut(bin) {
            bin[usize::from(refused)] += 1;
        }
        if refused {
            self.refused += 1;
            self.waste(job);
        } else if outcome == Outcome::Failed {
            self.failed += 1;
            self.waste(job);
        }
    }

    /// Counts a request that succeeded in time.
    pub(super) fn success(&mut self, latency: Duration) {
        self.completed += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_us.saturating_record(micros.max(1));
    }

    /// Counts the tokens of a call that led to nothing.
    pub(super) fn waste(&mut self, job: &Job) {
        self.wasted_tokens = self.wasted_tokens.saturating_add(job.input_tokens);
    }
}
