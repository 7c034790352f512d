use std::{cell::RefCell, time::Duration};

use anyhow::anyhow;
use paceline_admission::{Place, Priority};
use paceline_concurrency::Outcome as Ending;
use paceline_core::{Class, Clock, Demand, Denied, Feedback, Timestamp};
use paceline_tokio::{AcquireError, Admitted, Throttle, TryAcquireError};
use tokio::sync::Notify;

use super::clock::FastClock;
use crate::{
    engine::Streams,
    model::{
        Estimate, Hearing, Limits, Retries, Terms, called, ending, estimate, gate, permits,
        smallest_first,
    },
    scenario::{
        Scenario,
        provider::Charge,
        strategy::{Queue, Strategy},
    },
    workload::Job,
};

/// One client: what its requests must pass before they are sent, and when it tries again.
///
/// It does what the simulator's client does, but by the crate that waits.
pub(super) struct Client {
    throttle: Throttle<Limits>,
    clock: FastClock,
    pub(super) retries: RefCell<Retries>,
    estimate: Estimate,
    pub(super) settles: bool,
    gated: bool,
    queue: Queue,
    pub(super) hearing: Hearing,
    /// How long it waits for an answer.
    pub(super) timeout: Option<Duration>,
    terms: Terms,
    /// Permits may have come back, for those who wait without a line.
    returned: Notify,
}

/// Its own limits are too small for a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct NeverFits;

impl Client {
    /// Makes the client of this number.
    ///
    /// # Errors
    ///
    /// Says what in the strategy has no meaning.
    pub(super) fn new(
        scenario: &Scenario,
        strategy: &Strategy,
        number: u32,
        streams: Streams,
        clock: FastClock,
    ) -> anyhow::Result<Self> {
        let (place, provider) = called(strategy, &scenario.providers)
            .next()
            .ok_or_else(|| anyhow!("strategy: expected the name of a provider"))?;
        let limits = Limits::new(strategy, provider, scenario.start());
        let gate = gate(strategy, (number, place), streams).map_err(|err| anyhow!(err))?;
        let builder = Throttle::builder(limits).gate(gate).clock(clock);
        let builder = builder.max_waiting(usize::MAX);
        let policy = permits::policy(strategy, provider).map_err(|err| anyhow!(err))?;
        let builder = match policy {
            Some(policy) => builder.concurrency(policy),
            None => builder,
        };
        Ok(Self {
            throttle: builder.build(),
            clock,
            retries: RefCell::new(Retries::new(strategy, streams)?),
            estimate: estimate(strategy, provider),
            settles: strategy.settle.is_some(),
            gated: strategy.gate.is_some(),
            queue: strategy.queue,
            hearing: Hearing::new(strategy),
            timeout: strategy.timeout_s.map(|timeout| timeout.get()),
            terms: Terms::new(strategy, &scenario.workloads),
            returned: Notify::new(),
        })
    }

    /// When a request becomes worthless.
    pub(super) fn deadline(&self, job: &Job) -> Timestamp {
        self.terms.deadline(job)
    }

    /// Waits until a request may be sent: in its old place, if it had one.
    pub(super) async fn admit(
        &self,
        job: &Job,
        place: &mut Option<Place>,
    ) -> Result<Admitted<Limits>, NeverFits> {
        let cost = self.estimate.of(job);
        let admitted = match self.queue {
            Queue::None => self.admit_in_no_order(cost).await?,
            Queue::Fifo | Queue::Priority | Queue::Smallest => {
                let acquire = self.throttle.acquire(cost);
                let acquire = match *place {
                    Some(place) => acquire.with_place(place),
                    None => acquire.with_priority(self.priority(job)),
                };
                acquire.await.map_err(|error| {
                    // There is room for everybody, and nobody is told to hurry.
                    debug_assert!(matches!(error, AcquireError::TooLarge { .. }), "{error}");
                    NeverFits
                })?
            }
        };
        *place = Some(admitted.place());
        Ok(admitted)
    }

    /// Sleeps until a request would conform, and asks again.
    async fn admit_in_no_order(&self, cost: Demand) -> Result<Admitted<Limits>, NeverFits> {
        loop {
            match self.throttle.try_acquire(cost) {
                Ok(admitted) => return Ok(admitted),
                Err(TryAcquireError::Denied(Denied::TooLarge { .. })) => return Err(NeverFits),
                Err(TryAcquireError::Denied(Denied::Until(at))) => self.clock.sleep_until(at).await,
                // Without a line nobody is behind.
                Err(_) => self.returned.notified().await,
            }
        }
    }

    fn priority(&self, job: &Job) -> Priority {
        if self.queue == Queue::Smallest {
            let size = |limits: &mut Limits, _| smallest_first(limits, job);
            return self.throttle.update(size);
        }
        self.terms.priority(job)
    }

    /// Gives back what a call held, and learns from its answer; `usage` is what it cost, if that was said.
    pub(super) fn finish(
        &self,
        admitted: Admitted<Limits>,
        job: &Job,
        feedback: &Feedback,
        usage: Option<Demand>,
    ) {
        let sent_at = admitted.at();
        let hint = self.hearing.hint(self.clock.now(), feedback);
        if self.gated && matches!(feedback.class, Class::Pace | Class::Quota) {
            self.throttle.close(sent_at, hint);
        }
        let served = feedback.class == Class::Ok;
        let actual = usage.unwrap_or(Demand {
            requests: 1,
            input_tokens: job.input_tokens,
            output_tokens: job.output_tokens,
        });
        if served && let Estimate::AsAdmitted(Charge::Actual) = self.estimate {
            // The provider counts the answer when it is there, and not as if it had known before.
            let more = actual.output_tokens.saturating_sub(1);
            self.throttle
                .update(|limits, now| limits.produced(now, more));
        }
        match ending(feedback) {
            Ending::Success if self.settles && !self.estimate.is_final() => {
                // A receipt that has expired lets its estimate stand.
                let _ = admitted.settle(actual);
            }
            Ending::Success => admitted.succeeded(),
            Ending::Ignored => drop(admitted),
            Ending::Dropped => admitted.failed(),
        }
        // The gate is closed already, if it is to be.
        self.throttle.update(|limits, now| {
            paceline_composite::Admit::observe(limits, now, sent_at, feedback);
        });
        self.returned.notify_waiters();
    }

    /// Gives back what a call held to which nobody wants an answer any more, and learns nothing.
    pub(super) fn release(&self, admitted: Admitted<Limits>) {
        drop(admitted);
        self.returned.notify_waiters();
    }
}
