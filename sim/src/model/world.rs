use paceline_backoff::FailureKind;
use paceline_core::Timestamp;

use super::{
    cache::Cache,
    calls::{CallId, Calls},
    client::{Client, Verdict},
    provider::{self, Provider},
    server::Server,
    tally::Tally,
    tenants::{TenantCall, Tenants},
    works::Works,
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
        match event {
            Event::Arrive(job) => {
                world.admit_next_arrival()?;
                world.arrive(job);
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
            Event::Reach(call) => world.reach(call),
            Event::Done(call) => world.done(call),
            Event::Respond(call) => world.respond(call),
            Event::TimeOut(call) => world.time_out(call),
            Event::Tenant(call) => world.meet_tenant(call)?,
        }
    }
    Ok(world.close())
}

/// What can happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A request arrives.
    Arrive(Job),
    /// A request that was held back until off-peak hours comes again.
    Enter(u32),
    /// The batch in this slot has waited for long enough, if this request is still the first in it.
    Close { slot: u32, first: u64 },
    /// A request wants to be sent, again.
    Ask(u32),
    /// The head of a client's line may conform now.
    Wake(usize),
    /// A call reaches the provider.
    Reach(CallId),
    /// A worker is done with a call.
    Done(CallId),
    /// The answer to a call reaches the client.
    Respond(CallId),
    /// The client waits no longer for the answer to a call.
    TimeOut(CallId),
    /// A tenant calls.
    Tenant(TenantCall),
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) end: Timestamp,
    jobs: Jobs,
    pub(super) events: EventQueue<Event>,
    pub(super) works: Works,
    pub(super) clients: Vec<Client>,
    pub(super) cache: Cache,
    pub(super) calls: Calls,
    /// One for each key.
    pub(super) providers: Vec<Provider>,
    /// One for each provider.
    pub(super) servers: Vec<Server>,
    pub(super) tenants: Tenants,
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
            events: EventQueue::new(),
            works: Works::default(),
            cache: Cache::new(strategy.cache, streams),
            clients: (0..strategy.clients.get()).map(client).collect(),
            calls: Calls::default(),
            providers: providers.collect(),
            servers: scenario.providers.iter().map(Server::new).collect(),
            tenants: Tenants::start(scenario, streams)?,
            tally: Tally::new(
                start,
                scenario.duration(),
                scenario.bin(),
                scenario.workloads.len(),
            ),
        })
    }

    fn admit_next_arrival(&mut self) -> Result<(), TraceError> {
        if let Some(job) = self.jobs.next_job()? {
            self.events.schedule(job.at, Event::Arrive(job));
        }
        Ok(())
    }

    pub(super) fn admit_next_tenant(&mut self, group: usize) -> Result<(), TraceError> {
        if let Some(call) = self.tenants.next_call(group)? {
            self.events.schedule(call.job.at, Event::Tenant(call));
        }
        Ok(())
    }

    /// Whose request it is: clients take turns.
    pub(super) fn client(&self, slot: u32) -> usize {
        let clients = self.clients.len() as u64;
        usize::try_from(self.works.get(slot).job.id % clients).unwrap_or_default()
    }

    pub(super) fn ask(&mut self, slot: u32) {
        let client = self.client(slot);
        let work = self.works.get_mut(slot);
        let retries = &mut self.clients[client].retries;
        work.passed = work.passed || retries.lets_pass(self.now, &work.job, &work.history);
        if !work.passed {
            return self.retry_or_abandon(client, slot, FailureKind::Throttled, None);
        }
        let place = self.clients[client].enqueue(self.now, &work.job, slot, work.place);
        work.place = Some(place);
        self.pump(client);
    }

    /// Sends whatever a client may send, in the order of its line.
    pub(super) fn pump(&mut self, index: usize) {
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
                    self.send(index, slot, held, key);
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
}
