use paceline_backoff::FailureKind;
use paceline_core::{Class, Feedback, Timestamp};

use super::{
    cache::Cache,
    client::{Client, Held, Verdict},
    left,
    provider::{self, Outcome, Provider, Said},
    tally::Tally,
    tenants::{TenantCall, Tenants},
    works::{UnderWay, Works},
};
use crate::{
    engine::{EventQueue, Streams},
    scenario::{
        Scenario,
        provider::Provider as ProviderSpec,
        strategy::{Queue, Strategy},
    },
    workload::{Job, Jobs, TraceError},
};

/// Whether a strategy makes sense.
///
/// # Errors
///
/// Says what is contradictory, such as a cap below the first delay.
pub fn check(strategy: &Strategy) -> Result<(), String> {
    let providers = [ProviderSpec {
        name: strategy.provider.clone().unwrap_or_default(),
        ..ProviderSpec::default()
    }];
    let (start, streams) = (Timestamp::EPOCH, Streams::new(0));
    Client::new(strategy, &providers, &[], 0, start, streams).map(|_| ())
}

/// Runs one strategy of a scenario under these streams.
///
/// # Errors
///
/// Fails if a trace cannot be read.
///
/// # Panics
///
/// Panics if the strategy was not checked, and if more requests are under way than the engine's
/// pending set can hold.
pub fn run(
    scenario: &Scenario,
    strategy: &Strategy,
    streams: Streams,
) -> Result<Tally, TraceError> {
    let mut world = World::new(scenario, strategy, streams)?;
    world.admit_next_arrival()?;
    for group in 0..world.tenants.groups() {
        world.admit_next_tenant(group)?;
    }
    while let Some((now, event)) = world.events.pop() {
        if now >= world.end {
            break;
        }
        world.now = now;
        world.gauge(now);
        match event {
            Event::Arrive => {
                let job = world.next_job.take();
                world.admit_next_arrival()?;
                if let Some(job) = job {
                    world.arrive(job);
                }
            }
            Event::Enter(slot) => world.enter(slot),
            Event::Close { slot, first } => world.close_batch(slot, first),
            Event::Ask(slot) => world.ask(slot),
            // An earlier one may have taken its place.
            Event::Wake(client) if world.clients[client].wake_at == Some(now) => {
                world.clients[client].wake_at = None;
                world.pump(client);
            }
            Event::Wake(_) => {}
            Event::Respond(slot) => world.respond(slot),
            Event::Tenant(call) => world.meet_tenant(*call)?,
            Event::TenantLeaves(call) => {
                let TenantEnds { key, job, outcome } = *call;
                world.providers[key].finish(now, &job, outcome);
            }
        }
    }
    Ok(world.close())
}

/// What can happen, in 16 bytes.
#[derive(Debug)]
pub(super) enum Event {
    /// The next request arrives.
    Arrive,
    /// A request that was held back until off-peak hours comes again.
    Enter(u32),
    /// The batch in this slot has waited for long enough, if this request is still the first in it.
    Close { slot: u32, first: u64 },
    /// A request wants to be sent, again.
    Ask(u32),
    /// The head of a client's line may conform now.
    Wake(usize),
    /// The answer to a call reaches the client.
    Respond(u32),
    /// A tenant calls.
    Tenant(Box<TenantCall>),
    /// A call of a tenant comes to its end.
    TenantLeaves(Box<TenantEnds>),
}

/// A call of a tenant that was admitted, and what became of it.
#[derive(Debug)]
pub(super) struct TenantEnds {
    key: usize,
    job: Job,
    outcome: Outcome,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) end: Timestamp,
    jobs: Jobs,
    /// The one that arrives next.
    next_job: Option<Job>,
    pub(super) events: EventQueue<Event>,
    pub(super) works: Works,
    pub(super) clients: Vec<Client>,
    pub(super) cache: Cache,
    /// One for each key.
    providers: Vec<Provider>,
    tenants: Tenants,
    pub(super) tally: Tally,
}

impl World {
    fn new(scenario: &Scenario, strategy: &Strategy, streams: Streams) -> Result<Self, TraceError> {
        let start = scenario.start();
        let client = |number| {
            let (providers, workloads) = (&scenario.providers, &scenario.workloads);
            Client::new(strategy, providers, workloads, number, start, streams)
                .expect("scenarios are checked when they are read")
        };
        let keys = provider::keys(&scenario.providers).zip(0_u64..);
        let providers = keys.map(|(spec, place)| Provider::new(spec, place, start, streams));
        Ok(Self {
            now: start,
            end: scenario.end(),
            jobs: Jobs::start(scenario, streams)?,
            next_job: None,
            events: EventQueue::new(),
            works: Works::default(),
            cache: Cache::new(strategy.cache, streams),
            clients: (0..strategy.clients.get()).map(client).collect(),
            providers: providers.collect(),
            tenants: Tenants::start(scenario, streams)?,
            tally: Tally::new(scenario),
        })
    }

    /// Takes note of the state up to `now`, before anything happens then.
    pub(super) fn gauge(&mut self, now: Timestamp) {
        let waiting = self.works.waiting();
        let gauges = &mut self.tally.gauges;
        while let Some(at) = gauges.over(now) {
            gauges.pass(at, waiting);
            gauges.close(at, left::left(&mut self.providers, at));
        }
        gauges.pass(now, waiting);
    }

    fn admit_next_arrival(&mut self) -> Result<(), TraceError> {
        self.next_job = self.jobs.next_job()?;
        if let Some(job) = &self.next_job {
            self.events.schedule(job.at, Event::Arrive);
        }
        Ok(())
    }

    fn admit_next_tenant(&mut self, group: usize) -> Result<(), TraceError> {
        if let Some(call) = self.tenants.next_call(group)? {
            let at = call.job.at;
            self.events.schedule(at, Event::Tenant(Box::new(call)));
        }
        Ok(())
    }

    /// Lets somebody else call, whom nobody answers to.
    fn meet_tenant(&mut self, call: TenantCall) -> Result<(), TraceError> {
        let TenantCall { job, key, group } = call;
        self.admit_next_tenant(group)?;
        let mut luck = self.tenants.luck(&call);
        let met = self.providers[key].call_of_tenant(self.now, &job, &mut luck);
        if let Some((outcome, after)) = met {
            let at = self.now.saturating_add(after);
            let ends = Box::new(TenantEnds { key, job, outcome });
            self.events.schedule(at, Event::TenantLeaves(ends));
        }
        Ok(())
    }

    /// Whose request it is: clients take turns.
    pub(super) fn client(&self, slot: u32) -> usize {
        let clients = self.clients.len() as u64;
        if clients == 1 {
            return 0;
        }
        usize::try_from(self.works.get(slot).job.id % clients).unwrap_or_default()
    }

    pub(super) fn ask(&mut self, slot: u32) {
        let client = self.client(slot);
        let work = self.works.get_mut(slot);
        let place = self.clients[client].enqueue(self.now, &work.job, slot, work.place);
        work.place = Some(place);
        self.pump(client);
    }

    /// Sends whatever a client may send, in the order of its line.
    fn pump(&mut self, index: usize) {
        loop {
            let client = &mut self.clients[index];
            let Some((place, slot)) = client.head() else {
                return;
            };
            let job = self.works.get(slot).job;
            if self.now >= client.deadline(&job) {
                client.dequeue(place);
                self.abandon(slot);
                continue;
            }
            if let Some(at) = client.held_until(self.now, &job) {
                client.dequeue(place);
                self.events.schedule(at, Event::Ask(slot));
                continue;
            }
            match client.try_send(self.now, &job) {
                Verdict::Send(held, key) => {
                    client.dequeue(place);
                    self.call(index, slot, held, key);
                }
                Verdict::Never => {
                    client.dequeue(place);
                    self.abandon(slot);
                }
                Verdict::Full => return,
                Verdict::Wait(at) if client.queue != Queue::None => {
                    if client.wake_at.is_none_or(|wake_at| at < wake_at) {
                        client.wake_at = Some(at);
                        self.events.schedule(at, Event::Wake(index));
                    }
                    return;
                }
                Verdict::Wait(at) => {
                    client.dequeue(place);
                    self.events.schedule(at, Event::Ask(slot));
                }
            }
        }
    }

    fn call(&mut self, client: usize, slot: u32, held: Held, key: usize) {
        let work = self.works.get_mut(slot);
        let attention = self.clients[client].attention();
        let answer = self.providers[key].call(self.now, &work.job, work.calls, attention);
        if work.calls == 0 {
            work.history.first_call_at = self.now;
            self.clients[client].retries.first_call(self.now);
        }
        work.calls += 1;
        self.tally.call(self.now, &work.job, answer.outcome);
        let at = self.now.saturating_add(answer.after);
        let under_way = UnderWay {
            held,
            key,
            outcome: answer.outcome,
            said: answer.said,
        };
        self.works.send(slot, under_way);
        self.events.schedule(at, Event::Respond(slot));
    }

    fn respond(&mut self, slot: u32) {
        let index = self.client(slot);
        let Some(call) = self.works.answer(slot) else {
            return;
        };
        let job = self.works.get(slot).job;
        if matches!(call.outcome, Outcome::Success | Outcome::Failed) {
            self.providers[call.key].finish(self.now, &job, call.outcome);
        }
        let client = &mut self.clients[index];
        let feedback = match &call.said {
            Said::Answer => Feedback::new(Class::Ok),
            Said::Gist(gist) => gist.heard(self.now),
            Said::Words(response) => client.read(self.now, response),
        };
        client.finish(self.now, call.held, &job, &feedback);
        let hint = client.hint(self.now, &feedback);
        match feedback.class {
            Class::Ok => self.succeed(index, slot),
            Class::TooLarge | Class::Billing => self.abandon(slot),
            Class::Pace | Class::Quota => {
                self.retry_or_abandon(index, slot, FailureKind::Throttled, hint);
            }
            // A fault, whatever else a provider calls it.
            _ => self.retry_or_abandon(index, slot, FailureKind::Error, None),
        }
        self.pump(index);
    }
}
