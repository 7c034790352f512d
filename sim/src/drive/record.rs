use std::collections::BTreeMap;

use paceline_core::Timestamp;

use crate::{
    model::{Outcome, Tally},
    scenario::Scenario,
    workload::Job,
};

/// What was measured so far.
pub(super) struct Record {
    pub(super) tally: Tally,
    /// Requests that have arrived and have not ended, by their numbers.
    open: BTreeMap<u64, Job>,
    /// How many of them have a call under way.
    under_way: u64,
    end: Timestamp,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    Completed,
    /// It succeeded when nobody needed it any more.
    TooLate,
    GivenUp,
    Cancelled,
}

/// A call, by when it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    pub(super) at: Timestamp,
    pub(super) job: &'a Job,
}

impl Record {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            tally: Tally::new(scenario),
            open: BTreeMap::new(),
            under_way: 0,
            end: scenario.end(),
        }
    }

    /// Takes note of who waits up to `now`.
    pub(super) fn gauge(&mut self, now: Timestamp) {
        let now = now.min(self.end);
        let waiting = (self.open.len() as u64).saturating_sub(self.under_way);
        let gauges = &mut self.tally.gauges;
        while let Some(at) = gauges.over(now) {
            gauges.pass(at, waiting);
            // Nobody outside knows what limits have left.
            gauges.close(at, [].into_iter());
        }
        gauges.pass(now, waiting);
    }

    pub(super) fn arrived(&mut self, now: Timestamp, job: &Job) {
        self.gauge(now);
        self.open.insert(job.id, *job);
    }

    pub(super) fn sent(&mut self, sent: Sent<'_>) {
        self.gauge(sent.at);
        self.under_way += 1;
        self.tally.sent(sent.at);
    }

    /// Takes note of an answer.
    pub(super) fn answered(&mut self, now: Timestamp, sent: Sent<'_>, outcome: Outcome) {
        self.gauge(now);
        self.under_way -= 1;
        // When the server decided is not known, but hardly later than this.
        self.tally.decided(sent.at, (sent.at, sent.job), outcome);
    }

    /// Takes note of a call for whose answer nobody waits any longer, or that broke off.
    pub(super) fn given_up(&mut self, now: Timestamp, sent: Sent<'_>) {
        self.gauge(now);
        self.under_way -= 1;
        self.tally.given_up((sent.at, sent.job), None);
    }

    pub(super) fn ended(&mut self, now: Timestamp, job: &Job, end: End) {
        self.gauge(now);
        self.open.remove(&job.id);
        match end {
            End::Completed => self.tally.success(now, job),
            End::TooLate => {
                self.tally.waste(job);
                self.tally.abandon(job);
            }
            End::GivenUp => self.tally.abandon(job),
            End::Cancelled => self.tally.cancel(job),
        }
    }

    /// Counts what is left at the end, or when it was stopped; `deadline` says when a request becomes worthless.
    pub(super) fn close(
        mut self,
        stopped_at: Option<Timestamp>,
        deadline: impl Fn(&Job) -> Timestamp,
    ) -> Tally {
        self.gauge(stopped_at.unwrap_or(self.end));
        if let Some(at) = stopped_at {
            self.tally.gauges.close(at, [].into_iter());
        }
        let end = stopped_at.unwrap_or(self.end);
        for job in self.open.values() {
            if deadline(job) <= end {
                self.tally.abandon(job);
            } else {
                self.tally.leave(job);
            }
        }
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn scenario() -> Scenario {
        let text = "seed = 1\nduration_s = 10\nbin_s = 1\n[workload]\narrivals.batch = { jobs = 1 }\n\
                    input_tokens.fixed = 1\noutput_tokens.fixed = 1\n[[strategy]]\nname = \"s\"\n";
        Scenario::parse(text, "a test").expect("it is legal")
    }

    fn job(id: u64, at: Timestamp) -> Job {
        Job {
            id,
            workload: 0,
            at,
            input_tokens: 1,
            output_tokens: 1,
            max_tokens: 1,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever happens to requests, and whenever it is stopped, each counts once, and each call too.
        #[test]
        fn every_request_and_every_call_count_once(
            mut lives in vec((0..10_u64, 0..5_u8), 0..20),
            stopped in proptest::option::of(0..10_u64),
        ) {
            let scenario = scenario();
            let at = |s| scenario.start().saturating_add(Duration::from_secs(s));
            let mut record = Record::new(&scenario);
            lives.sort_unstable();
            lives.retain(|(from, _)| *from < stopped.unwrap_or(10));
            let (mut calls, mut ended) = (0, 0);
            for (id, &(from, fate)) in (0..).zip(&lives) {
                let (now, job) = (at(from), job(id, at(from)));
                record.arrived(now, &job);
                let sent = Sent { at: now, job: &job };
                if fate > 0 {
                    calls += 1;
                    record.sent(sent);
                }
                match fate {
                    1 => {
                        record.answered(now, sent, Outcome::Success);
                        record.ended(now, &job, End::Completed);
                    }
                    2 => record.answered(now, sent, Outcome::Refused),
                    3 => {
                        record.given_up(now, sent);
                        record.ended(now, &job, End::Cancelled);
                    }
                    _ => {}
                }
                ended += u64::from(matches!(fate, 1 | 3));
            }
            let tally = record.close(stopped.map(at), |_| Timestamp::MAX);
            let count = |fate| lives.iter().filter(|life| life.1 == fate).count() as u64;
            let total = tally.total();
            prop_assert_eq!((total.completed, total.cancelled), (count(1), count(3)));
            prop_assert_eq!(total.unfinished, lives.len() as u64 - ended);
            prop_assert_eq!((tally.calls, tally.refused, tally.failed), (calls, count(2), count(3)));
            let bins = tally.gauges.waiting(1);
            prop_assert_eq!(bins.len() as u64, stopped.map_or(10, |seconds| seconds + 1));
            // Those wait of whom no call is under way.
            let last = (count(0) + count(2)) as f64;
            if stopped.is_none() && lives.iter().all(|life| life.0 < 9) {
                prop_assert!((bins[9] - last).abs() < 1e-9, "{bins:?}");
            }
        }
    }

    #[test]
    fn what_is_worthless_at_the_end_was_given_up() {
        let scenario = scenario();
        let mut record = Record::new(&scenario);
        for id in 0..2 {
            record.arrived(scenario.start(), &job(id, scenario.start()));
        }
        let tally = record.close(None, |job| match job.id {
            0 => scenario.end(),
            _ => Timestamp::MAX,
        });
        let total = tally.total();
        assert_eq!((total.abandoned, total.unfinished), (1, 1));
    }
}
