use std::time::Duration;

use paceline_admission::{Admission, Gate, Grant, Place, Priority, Refusal};
use paceline_composite::{ByDimension, Settle};
use paceline_concurrency::Outcome as Ending;
use paceline_core::{Demand, Denied, Dimension, Quota, Timestamp};
use paceline_gcra::Gcra;
use rand_chacha::rand_core::Rng;

use super::{
    limiters, permits,
    provider::{self, Outcome},
    retry::Retries,
};
use crate::{
    engine::Streams,
    scenario::{
        provider::Charge,
        strategy::{Queue, Strategy},
        workload::{self, Workload},
    },
    workload::Job,
};

/// One client: what its requests must pass before they are sent, and when it tries again.
pub(super) struct Client {
    /// The slots of those who wait stand in line.
    admission: Admission<Limits, u32>,
    pub(super) retries: Retries,
    estimate: Charge,
    settles: bool,
    gated: bool,
    pub(super) queues: bool,
    /// By the place of the workload.
    priorities: Vec<Priority>,
    deadline: Option<Duration>,
    /// When the head of the line is asked next.
    pub(super) wake_at: Option<Timestamp>,
}

type Limits = ByDimension<Box<dyn Settle>>;

/// What a call that was sent holds until its answer is there.
pub(super) type Held = Grant<Limits>;

/// Whether a call may be sent.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Now.
    Send(Held),
    /// Ask again at this time.
    Wait(Timestamp),
    /// Ask again when a permit comes back.
    Full,
    /// Never: the client's own limits are too small for it.
    Never,
}

impl Client {
    /// Makes the client with this number.
    ///
    /// # Errors
    ///
    /// Says what in the strategy has no meaning.
    pub(super) fn new(
        strategy: &Strategy,
        workloads: &[Workload],
        number: u32,
        start: Timestamp,
        streams: Streams,
    ) -> Result<Self, String> {
        let mut admission = Admission::new(ByDimension::new(limits(strategy, start)), usize::MAX);
        if let Some(policy) = permits::policy(strategy)? {
            admission = admission.with_permits(policy);
        }
        let seed = streams.numbered("gate", &[u64::from(number)]).next_u64();
        let mut gate = Gate::new(seed);
        if let Some(spec) = strategy.gate {
            let spacing = spec.spacing_s.map_or(Gate::SPACING, |it| it.get());
            let least = spec
                .least_spacing_s
                .map_or_else(|| Gate::LEAST_SPACING.min(spacing), |it| it.get());
            let spaced = gate.with_spacing(spacing, least);
            gate = spaced.map_err(|err| format!("gate: {err}"))?;
        }
        let priority = |workload: &Workload| match strategy.queue {
            Queue::Priority => priority(workload.priority),
            Queue::Fifo | Queue::None => Priority::INTERACTIVE,
        };
        Ok(Self {
            admission: admission.with_gate(gate),
            retries: Retries::new(strategy, streams).map_err(|err| err.to_string())?,
            estimate: strategy.estimate,
            settles: strategy.settle.is_some(),
            gated: strategy.gate.is_some(),
            queues: strategy.queue != Queue::None,
            priorities: workloads.iter().map(priority).collect(),
            deadline: strategy.deadline_s.map(|deadline| deadline.get()),
            wake_at: None,
        })
    }

    /// When the request becomes worthless.
    pub(super) fn deadline(&self, job: &Job) -> Timestamp {
        self.deadline
            .map_or(Timestamp::MAX, |deadline| job.at.saturating_add(deadline))
    }

    /// Lets a request wait: in its old place, if it had one.
    pub(super) fn enqueue(
        &mut self,
        now: Timestamp,
        job: &Job,
        slot: u32,
        place: Option<Place>,
    ) -> Place {
        let cost = provider::in_total(self.estimate, job);
        if let Some(place) = place
            && self.admission.rejoin(place, cost, slot).is_ok()
        {
            return place;
        }
        let priority = self.priorities.get(job.workload as usize);
        let priority = priority.copied().unwrap_or_default();
        self.admission
            .join(now, priority, cost, slot)
            .expect("the line has room for everybody")
    }

    /// Whose turn it is.
    pub(super) fn head(&self) -> Option<(Place, u32)> {
        let (place, waiter) = self.admission.line().head()?;
        Some((place, waiter.who))
    }

    /// Takes somebody out of the line.
    pub(super) fn dequeue(&mut self, place: Place) {
        self.admission.leave(place);
    }

    /// Spends what the head of the line costs, if the gate, all limits and the permits agree.
    pub(super) fn try_send(&mut self, now: Timestamp) -> Verdict {
        let Some((_, head)) = self.admission.line().head() else {
            return Verdict::Full;
        };
        let cost = head.cost;
        match self.admission.try_admit(now, cost) {
            Ok(held) => Verdict::Send(held),
            Err(Refusal::Busy) => Verdict::Full,
            Err(Refusal::Denied(Denied::Until(at))) => Verdict::Wait(at),
            Err(Refusal::Denied(Denied::TooLarge { .. })) => Verdict::Never,
        }
    }

    /// Gives back what a call held, and learns from its answer.
    pub(super) fn finish(&mut self, now: Timestamp, held: Held, job: &Job, outcome: Outcome) {
        let ending = match outcome {
            Outcome::Success => Ending::Success,
            Outcome::Refused { .. } | Outcome::Failed | Outcome::Unavailable => Ending::Dropped,
            Outcome::TooLarge => Ending::Ignored,
        };
        if let Outcome::Refused { retry_after } = outcome
            && self.gated
        {
            self.admission.gate_mut().close(now, held.at(), retry_after);
        }
        // Otherwise what was charged stands: some servers count what they refuse.
        let known = self.settles && outcome == Outcome::Success;
        let actual = known.then_some(Demand {
            requests: 1,
            input_tokens: job.input_tokens,
            output_tokens: job.output_tokens,
        });
        // A receipt that has expired lets its estimate stand, as it would in production.
        let _ = self.admission.finish(now, held, ending, actual);
    }
}

fn priority(spec: workload::Priority) -> Priority {
    match spec {
        workload::Priority::Interactive => Priority::INTERACTIVE,
        workload::Priority::Batch => Priority::BATCH,
        workload::Priority::YieldsForS(span) => Priority::yielding_for(span.get()),
    }
}

/// The limits of a client, its spacing included.
fn limits(strategy: &Strategy, start: Timestamp) -> Vec<(Dimension, Box<dyn Settle>)> {
    let settles = |rate| limiters::settling(rate, strategy.settle, start);
    let mut limits: Vec<_> = limiters::rates(&strategy.limits)
        .map(|rate| (rate.counts, settles(rate)))
        .collect();
    if let Some(spacing) = strategy.spacing_s {
        // Units in the scenario are checked, so a quota of one per spacing exists.
        let spaced = Quota::new(1, spacing.get()).unwrap_or(Quota::UNLIMITED);
        limits.push((Dimension::Requests, limiters::standing(Gcra::new(spaced))));
    }
    limits
}
