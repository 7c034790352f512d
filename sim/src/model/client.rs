use std::time::Duration;

use paceline_admission::{Grant, Place, Priority, Refusal, WaitLine};
use paceline_composite::Admit;
use paceline_concurrency::Outcome as Ending;
use paceline_core::{Class, Demand, Denied, Dimension, Feedback, Timestamp};
use paceline_router::OffPeak;

use super::{
    batch::Batches,
    cost,
    hearing::Hearing,
    key::{self, Key},
    limits::Limits,
    provider,
    retry::Retries,
    routing::Routing,
    terms::Terms,
};
use crate::{
    engine::Streams,
    scenario::{
        limit::Limit,
        provider::{Charge, Provider},
        strategy::{Queue, Strategy},
        workload::{self, Workload},
    },
    workload::Job,
};

/// One client: what its requests must pass before they are sent, and when it tries again.
pub(super) struct Client {
    line: WaitLine<u32>,
    /// One for each key that it may call.
    pub(super) keys: Vec<Key>,
    /// How it chooses among them, if there are several.
    routing: Option<Routing>,
    pub(super) retries: Retries,
    settles: bool,
    pub(super) gated: bool,
    pub(super) queue: Queue,
    pub(super) hearing: Hearing,
    /// How long it waits for an answer.
    pub(super) timeout: Option<Duration>,
    terms: Terms,
    /// When it sends patient requests.
    off_peak: Option<OffPeak>,
    /// By the place of the workload.
    patient: Vec<bool>,
    /// Requests that are collected to be sent as one.
    pub(super) batches: Option<Batches>,
    /// Whether all who ask at one moment are told the same until somebody is sent or answered, as it keeps no order
    /// and counts requests alone.
    pub(super) alike: bool,
    /// When the head of the line is asked next.
    pub(super) wake_at: Option<Timestamp>,
}

/// What a call that was sent holds until its answer is there.
pub(super) struct Held {
    grant: Grant<Limits>,
    /// The place of its key in the client's list.
    key: usize,
}

/// Whether a call may be sent.
pub(super) enum Verdict {
    /// Now, to the key with this place.
    Send(Held, usize),
    /// Ask again at this time.
    Wait(Timestamp),
    /// Ask again when an answer is there.
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
        providers: &[Provider],
        workloads: &[Workload],
        number: u32,
        start: Timestamp,
        streams: Streams,
    ) -> Result<Self, String> {
        let keys = called(strategy, providers).map(|(place, provider)| {
            let number = (number, place);
            Ok(Key {
                place: usize::try_from(place).unwrap_or(usize::MAX),
                admission: key::admission(strategy, provider, number, start, streams)?,
                estimate: key::estimate(strategy, provider),
            })
        });
        let keys = keys.collect::<Result<Vec<_>, String>>()?;
        let route = strategy.route.as_ref();
        Ok(Self {
            line: WaitLine::new(usize::MAX),
            keys,
            routing: route.map(|route| Routing::new(route, providers, number, streams)),
            retries: Retries::new(strategy, streams).map_err(|err| err.to_string())?,
            settles: strategy.settle.is_some(),
            gated: strategy.gate.is_some(),
            queue: strategy.queue,
            hearing: Hearing::new(strategy),
            timeout: strategy.timeout_s.map(|timeout| timeout.get()),
            terms: Terms::new(strategy, workloads),
            off_peak: strategy.off_peak.as_ref().map(|it| it.plan.clone()),
            patient: workloads
                .iter()
                .map(|workload| workload.priority != workload::Priority::Interactive)
                .collect(),
            batches: strategy.batch.map(Batches::new),
            alike: alike(strategy),
            wake_at: None,
        })
    }

    /// When the request becomes worthless.
    pub(super) fn deadline(&self, job: &Job) -> Timestamp {
        self.terms.deadline(job)
    }

    /// Until when it holds a request back, if it does so.
    pub(super) fn held_until(&self, now: Timestamp, job: &Job) -> Option<Timestamp> {
        let plan = self.off_peak.as_ref()?;
        let patient = self.patient.get(job.workload as usize);
        let until = plan.next_off_peak_at(now)?;
        (until > now && patient == Some(&true)).then_some(until)
    }

    /// Lets a request wait: in its old place, if it had one.
    pub(super) fn enqueue(
        &mut self,
        now: Timestamp,
        job: &Job,
        slot: u32,
        place: Option<Place>,
    ) -> Place {
        if let Some(place) = place
            && self.line.rejoin(place, slot).is_ok()
        {
            return place;
        }
        let priority = match self.queue {
            Queue::Smallest => smallest_first(self.keys[0].admission.limits(), job),
            _ => self.terms.priority(job),
        };
        self.line
            .join(now, priority, slot)
            .expect("the line has room for everybody")
    }

    /// Whose turn it is.
    pub(super) fn head(&self) -> Option<(Place, u32)> {
        self.line.head().map(|(place, slot)| (place, *slot))
    }

    /// How many stand in line.
    pub(super) fn waiting(&self) -> usize {
        self.line.len()
    }

    /// Takes somebody out of the line; says whether there was anybody in this place.
    pub(super) fn dequeue(&mut self, place: Place) -> bool {
        self.line.leave(place).is_some()
    }

    /// Spends what a request costs at a key whose gate, limits and permits agree.
    pub(super) fn try_send(&mut self, now: Timestamp, job: &Job) -> Verdict {
        let cost = |key: &Key| key.estimate.of(job);
        let chosen = match &mut self.routing {
            None => Ok(0),
            Some(routing) => routing.choose(now, cost(&self.keys[0]), |key| {
                let Key { admission, .. } = &self.keys[key];
                match admission.check(now, cost(&self.keys[key])) {
                    Ok(()) => Ok(admission.limits().available(now, cost(&self.keys[key]))),
                    Err(Refusal::Denied(denied)) => Err(denied),
                    // Nobody knows when, so it is asked again at every answer.
                    Err(Refusal::Busy) => Err(Denied::Until(Timestamp::MAX)),
                }
            }),
        };
        let key = match chosen {
            Ok(key) => key,
            Err(Denied::Until(Timestamp::MAX)) => return Verdict::Full,
            Err(Denied::Until(at)) => return Verdict::Wait(at),
            Err(Denied::TooLarge { .. }) => return Verdict::Never,
        };
        let cost = cost(&self.keys[key]);
        let Key {
            place, admission, ..
        } = &mut self.keys[key];
        match admission.try_admit(now, cost) {
            Ok(grant) => Verdict::Send(Held { grant, key }, *place),
            Err(Refusal::Busy) => Verdict::Full,
            Err(Refusal::Denied(Denied::Until(at))) => Verdict::Wait(at),
            Err(Refusal::Denied(Denied::TooLarge { .. })) => Verdict::Never,
        }
    }

    /// Gives back what a call held to which nobody wants an answer any more, and learns nothing.
    pub(super) fn release(&mut self, now: Timestamp, held: Held) {
        let Held { grant, key } = held;
        let admission = &mut self.keys[key].admission;
        // What was charged stands.
        let _ = admission.finish(now, grant, Ending::Ignored, None);
    }

    /// Gives back what a call held, and learns from its answer.
    pub(super) fn finish(&mut self, now: Timestamp, held: Held, job: &Job, feedback: &Feedback) {
        let Held { grant, key } = held;
        let hint = self.hearing.hint(now, feedback);
        let sent_at = grant.at();
        let Key {
            admission,
            estimate,
            ..
        } = &mut self.keys[key];
        if self.gated && matches!(feedback.class, Class::Pace | Class::Quota) {
            admission.gate_mut().close(now, sent_at, hint);
        }
        if let Some(routing) = &mut self.routing {
            routing.heard(now, key, sent_at, feedback);
        }
        let served = feedback.class == Class::Ok;
        if served && let key::Estimate::AsAdmitted(Charge::Actual) = estimate {
            // The provider counts the answer when it is there, and not as if it had known before.
            admission
                .limits_mut()
                .produced(now, job.output_tokens.saturating_sub(1));
        }
        // Otherwise what was charged stands: some servers count what they refuse.
        let known = self.settles && served && !estimate.is_final();
        let actual = known.then_some(Demand {
            requests: 1,
            input_tokens: job.input_tokens,
            output_tokens: job.output_tokens,
        });
        // A receipt that has expired lets its estimate stand, as it would in production.
        let _ = admission.finish(now, grant, ending(feedback), actual);
        admission.limits_mut().observe(now, sent_at, feedback);
    }
}

/// Whether what it says to a request depends on the time alone.
fn alike(strategy: &Strategy) -> bool {
    let counts_requests = strategy.limits.iter().all(|limit| match limit {
        Limit::Rate(rate) => rate.counts == Dimension::Requests,
        Limit::Concurrency(_) => true,
    });
    let knows_more = strategy.limits_from.is_some()
        || strategy.learn
        || strategy.pace.is_some()
        || strategy.route.is_some()
        || strategy.off_peak.is_some();
    strategy.queue == Queue::None && counts_requests && !knows_more
}

/// What the end of a call says to limits on calls in flight.
pub(crate) const fn ending(feedback: &Feedback) -> Ending {
    match feedback.class {
        Class::Ok => Ending::Success,
        Class::TooLarge => Ending::Ignored,
        _ => Ending::Dropped,
    }
}

/// The priority of a request where the smallest goes first.
pub(crate) fn smallest_first(limits: &Limits, job: &Job) -> Priority {
    // What is to come counts too, even where a provider charges it later.
    let all = cost::in_total(Charge::InputAndMaxTokens, job);
    Priority::yielding_for(Duration::from_secs(limits.size(all)))
}

/// The keys that a client calls, by their places among all keys: all of them if it chooses, and else the first of
/// the provider that it names, or of the first one.
pub(crate) fn called<'a>(
    strategy: &Strategy,
    providers: &'a [Provider],
) -> impl Iterator<Item = (u64, &'a Provider)> {
    let routes = strategy.route.is_some();
    let wanted = strategy.provider.clone();
    let keys = (0_u64..).zip(provider::keys(providers));
    let called = keys.filter(move |(_, (index, provider))| match &wanted {
        _ if routes => true,
        Some(name) => provider.name == *name,
        None => *index == 0,
    });
    let called = called.map(|(place, (_, provider))| (place, provider));
    called.take(if routes { usize::MAX } else { 1 })
}
