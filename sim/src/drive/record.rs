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
