use hdrhistogram::Histogram;
use paceline_core::Timestamp;

use super::{answer::Outcome, gauges::Gauges};
use crate::{scenario::Scenario, workload::Job};

/// What happened in one run, in bounded memory.
#[derive(Clone, Debug)]
pub struct Tally {
    /// What became of the requests of each workload.
    pub workloads: Vec<Fate>,
    /// Calls sent.
    pub calls: u64,
    /// Calls refused because of a limit.
    pub refused: u64,
    /// Calls that failed otherwise, or were not answered in time.
    pub failed: u64,
    /// Input tokens of calls that led to nothing.
    pub wasted_tokens: u64,
    /// Calls admitted and refused, per bin.
    pub series: Vec<[u64; 2]>,
    /// Who waits and what is left, per bin.
    pub gauges: Gauges,
    start: Timestamp,
    /// Calls that were sent and requests that arrived before do not count, but in the bins.
    counted_from: Timestamp,
    /// The width of a bin, in nanoseconds and above zero.
    bin: u64,
}

/// What became of requests.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Requests that succeeded in time.
    pub completed: u64,
    /// Requests given up.
    pub abandoned: u64,
    /// Requests whose users waited no longer.
    pub cancelled: u64,
    /// Requests that were not done at the end.
    pub unfinished: u64,
    /// Time from arrival to success, in microseconds, within [`LATENCY_ERROR`] or a microsecond.
    pub latency_us: Histogram<u64>,
}

/// How far a quantile of latencies may lie beyond the latency of a request, as a share of it: histograms keep
/// three digits.
pub const LATENCY_ERROR: f64 = 0.001;

/// The longest latency that is told from longer ones: 30 years.
const LONGEST_US: u64 = 1_000_000_000_000_000;

impl Fate {
    /// Nothing has happened yet.
    ///
    /// # Panics
    ///
    /// Never: the histogram's bounds are constants that it accepts.
    pub fn new() -> Self {
        let latency_us = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self {
            completed: 0,
            abandoned: 0,
            cancelled: 0,
            unfinished: 0,
            latency_us: latency_us.expect("1 to 10^15 with 3 digits is a legal range"),
        }
    }

    /// Adds what became of other requests.
    pub fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.abandoned += other.abandoned;
        self.cancelled += other.cancelled;
        self.unfinished += other.unfinished;
        // All histograms have the same bounds, so adding cannot fail.
        let added = self.latency_us.add(&other.latency_us);
        debug_assert!(added.is_ok(), "histograms differ in their bounds");
    }
}

impl Default for Fate {
    fn default() -> Self {
        Self::new()
    }
}

impl Tally {
    /// Makes an empty one for a run of this scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let bin = scenario.bin();
        let bins = scenario
            .duration()
            .as_nanos()
            .div_ceil(bin.as_nanos().max(1));
        let bins = usize::try_from(bins).unwrap_or(usize::MAX);
        Self {
            workloads: vec![Fate::new(); scenario.workloads.len()],
            calls: 0,
            refused: 0,
            failed: 0,
            wasted_tokens: 0,
            series: vec![[0; 2]; bins],
            gauges: Gauges::new(scenario),
            start: scenario.start(),
            counted_from: scenario.counted_from(),
            bin: u64::try_from(bin.as_nanos()).map_or(u64::MAX, |bin| bin.max(1)),
        }
    }

    /// Adds what happened in another run of the same length and workloads.
    pub fn add(&mut self, other: &Self) {
        for (fate, other) in self.workloads.iter_mut().zip(&other.workloads) {
            fate.add(other);
        }
        self.calls += other.calls;
        self.refused += other.refused;
        self.failed += other.failed;
        self.wasted_tokens = self.wasted_tokens.saturating_add(other.wasted_tokens);
        self.gauges.add(&other.gauges);
        for (bin, other) in self.series.iter_mut().zip(&other.series) {
            for (calls, other) in bin.iter_mut().zip(other) {
                *calls += other;
            }
        }
    }

    /// What became of all requests.
    pub fn total(&self) -> Fate {
        let mut total = Fate::new();
        for fate in &self.workloads {
            total.add(fate);
        }
        total
    }

    /// Counts a call that is sent.
    pub(crate) fn sent(&mut self, now: Timestamp) {
        self.calls += u64::from(now >= self.counted_from);
    }

    /// Counts what the provider decided about a call.
    pub(crate) fn decided(
        &mut self,
        now: Timestamp,
        (sent_at, job): (Timestamp, &Job),
        outcome: Outcome,
    ) {
        self.decided_in_vain(now, outcome);
        if sent_at < self.counted_from {
            return;
        }
        match outcome {
            Outcome::Success => return,
            Outcome::Refused | Outcome::TooLarge => self.refused += 1,
            Outcome::Failed | Outcome::Unavailable => self.failed += 1,
        }
        self.waste_now(job);
    }

    /// Counts what the provider decided about a call that its client took for failed before.
    pub(super) fn decided_in_vain(&mut self, now: Timestamp, outcome: Outcome) {
        let refused = match outcome {
            Outcome::Refused | Outcome::TooLarge => true,
            Outcome::Success | Outcome::Failed => false,
            Outcome::Unavailable => return,
        };
        let elapsed = now.as_nanos().saturating_sub(self.start.as_nanos());
        let bin = usize::try_from(elapsed / self.bin).unwrap_or(usize::MAX);
        if let Some(bin) = self.series.get_mut(bin) {
            bin[usize::from(refused)] += 1;
        }
    }

    /// Counts a call for which its client waits no longer, or that broke off; says whether it had not been counted
    /// as refused or failed before.
    pub(crate) fn given_up(
        &mut self,
        (sent_at, job): (Timestamp, &Job),
        decided: Option<Outcome>,
    ) -> bool {
        let fails = matches!(decided, None | Some(Outcome::Success));
        if fails && sent_at >= self.counted_from {
            self.failed += 1;
            self.waste_now(job);
        }
        fails
    }

    /// Counts a request that succeeded in time.
    pub(crate) fn success(&mut self, now: Timestamp, job: &Job) {
        let latency = now.saturating_duration_since(job.at);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let Some(fate) = self.fate(job) else {
            return;
        };
        fate.completed += 1;
        fate.latency_us.saturating_record(micros.max(1));
    }

    /// Counts a request that was given up.
    pub(crate) fn abandon(&mut self, job: &Job) {
        if let Some(fate) = self.fate(job) {
            fate.abandoned += 1;
        }
    }

    /// Counts a request whose user waits no longer.
    pub(crate) fn cancel(&mut self, job: &Job) {
        if let Some(fate) = self.fate(job) {
            fate.cancelled += 1;
        }
    }

    /// Counts a request that was not done at the end.
    pub(crate) fn leave(&mut self, job: &Job) {
        if let Some(fate) = self.fate(job) {
            fate.unfinished += 1;
        }
    }

    /// Where a request counts; nowhere if it arrived too early.
    fn fate(&mut self, job: &Job) -> Option<&mut Fate> {
        (job.at >= self.counted_from).then(|| &mut self.workloads[job.workload as usize])
    }

    /// Counts the tokens of a request that succeeded too late.
    pub(crate) fn waste(&mut self, job: &Job) {
        if job.at >= self.counted_from {
            self.waste_now(job);
        }
    }

    /// Counts the tokens of a call that led to nothing.
    fn waste_now(&mut self, job: &Job) {
        self.wasted_tokens = self.wasted_tokens.saturating_add(job.input_tokens);
    }
}
