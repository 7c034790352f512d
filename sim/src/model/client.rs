use std::{collections::BTreeMap, time::Duration};

use paceline_core::{Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

use super::{limiters, provider};
use crate::{
    scenario::{
        limit::Limit,
        provider::Charge,
        strategy::{Queue, Strategy},
    },
    workload::Job,
};

/// What a client asks before it sends: its limits, its permits, and who waits for them.
pub(super) struct Admission {
    limits: Vec<(Dimension, Box<dyn Limiter>)>,
    estimate: Charge,
    concurrency: Option<u64>,
    under_way: u64,
    pub(super) queue: Queue,
    deadline: Option<Duration>,
    /// Requests that wait, oldest first: from the number of the job to its slot.
    waiting: BTreeMap<u64, u32>,
}

/// Whether a call may be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Now.
    Send,
    /// Ask again at this time.
    Wait(Timestamp),
    /// Ask again when a permit comes back.
    Full,
    /// Never: the client's own limits are too small for it.
    Never,
}

impl Admission {
    pub(super) fn new(strategy: &Strategy, start: Timestamp) -> Self {
        let mut limits = limiters::build(&strategy.limits, start);
        if let Some(spacing) = strategy.spacing_s {
            // Units in the scenario are checked, so a quota of one per spacing exists.
            let spaced = Quota::new(1, spacing.get()).unwrap_or(Quota::UNLIMITED);
            limits.push((Dimension::Requests, Box::new(Gcra::new(spaced))));
        }
        let concurrency = strategy.limits.iter().filter_map(|limit| match limit {
            Limit::Concurrency(most) => Some(*most),
            Limit::Rate(_) => None,
        });
        Self {
            limits,
            estimate: strategy.estimate,
            concurrency: concurrency.min(),
            under_way: 0,
            queue: strategy.queue,
            deadline: strategy.deadline_s.map(|deadline| deadline.get()),
            waiting: BTreeMap::new(),
        }
    }

    /// When the request becomes worthless.
    pub(super) fn deadline(&self, job: &Job) -> Timestamp {
        self.deadline
            .map_or(Timestamp::MAX, |deadline| job.at.saturating_add(deadline))
    }

    /// Spends what a call costs, if all limits agree and a permit is free.
    pub(super) fn try_send(&mut self, now: Timestamp, job: &Job) -> Verdict {
        let demand = provider::in_total(self.estimate, job);
        let answers = self
            .limits
            .iter()
            .map(|(dimension, limiter)| limiter.check(now, dimension.cost(demand)));
        match answers.filter_map(Result::err).reduce(Denied::and) {
            Some(Denied::Until(at)) => return Verdict::Wait(at),
            Some(Denied::TooLarge { .. }) => return Verdict::Never,
            None => {}
        }
        if self.concurrency.is_some_and(|most| self.under_way >= most) {
            return if self.concurrency == Some(0) {
                Verdict::Never
            } else {
                Verdict::Full
            };
        }
        for (dimension, limiter) in &mut self.limits {
            limiter.charge(now, dimension.cost(demand));
        }
        self.under_way = self.under_way.saturating_add(1);
        Verdict::Send
    }

    /// Gives a permit back.
    pub(super) fn finish(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn enqueue(&mut self, job: &Job, slot: u32) {
        self.waiting.insert(job.id, slot);
    }

    /// The oldest request that waits.
    pub(super) fn head(&self) -> Option<u32> {
        self.waiting.first_key_value().map(|(_, &slot)| slot)
    }

    pub(super) fn dequeue(&mut self) {
        self.waiting.pop_first();
    }
}
