use paceline_core::Timestamp;

use super::{
    assignment::Assignment,
    cache::Cache,
    calls::{CallId, Calls},
    client::Client,
    left,
    line::Refused,
    live::Heard,
    observe::Observer,
    patience::Patience,
    provider::{self, Provider},
    server::Server,
    sessions::Sessions,
    tally::Tally,
    tenants::{TenantCall, Tenants},
    works::Works,
};
use crate::{
    engine::{EventQueue, Streams},
    scenario::{Scenario, provider::Provider as ProviderSpec, strategy::Strategy},
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

/// What can happen, in 16 bytes.
#[derive(Debug)]
pub(super) enum Event {
    /// The next request arrives.
    Arrive,
    /// It is the turn of a session to ask.
    Turn(u32),
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
    /// The user of this request, if it is still in this slot, waits no longer.
    Cancel { slot: u32, id: u64 },
    /// A tenant calls.
    Tenant(Box<TenantCall>),
}

/// So many requests of a trace that are not done hold one to three GB.
const MOST_OPEN: usize = 4_000_000;

pub(super) struct World<O> {
    pub(super) now: Timestamp,
    pub(super) end: Timestamp,
    jobs: Jobs,
    /// The one that arrives next.
    next_job: Option<Job>,
    pub(super) events: EventQueue<Event>,
    pub(super) works: Works,
    pub(super) assignment: Assignment,
    pub(super) clients: Vec<Client>,
    pub(super) cache: Cache,
    pub(super) calls: Calls,
    /// One for each key.
    pub(super) providers: Vec<Provider>,
    /// One for each provider.
    pub(super) servers: Vec<Server>,
    pub(super) tenants: Tenants,
    pub(super) sessions: Sessions,
    pub(super) patience: Patience,
    pub(super) tally: Tally,
    /// What those who call from outside have not been told yet.
    pub(super) heard: Vec<Heard>,
    /// What somebody was told who has just asked, while nothing else happens.
    pub(super) refused: Option<Refused>,
    pub(super) observer: O,
}

impl<O: Observer> World<O> {
    /// Makes a world in which the first arrivals are due.
    pub(super) fn start(
        scenario: &Scenario,
        strategy: &Strategy,
        streams: Streams,
        observer: O,
    ) -> Result<Self, TraceError> {
        let mut world = Self::new(scenario, strategy, streams, observer)?;
        world.admit_next_arrival()?;
        world.begin_sessions();
        for group in 0..world.tenants.groups() {
            world.admit_next_tenant(group)?;
        }
        Ok(world)
    }

    /// Lets the next event happen; says whether there was one before the end.
    pub(super) fn step(&mut self) -> Result<bool, TraceError> {
        let Some((now, event)) = self.events.pop().filter(|(now, _)| *now < self.end) else {
            return Ok(false);
        };
        self.now = now;
        self.gauge(now);
        self.happen(now, event)?;
        Ok(true)
    }

    /// Lets this happen.
    pub(super) fn happen(&mut self, now: Timestamp, event: Event) -> Result<(), TraceError> {
        if !matches!(event, Event::Ask(_)) {
            self.refused = None;
        }
        match event {
            Event::Arrive => {
                let job = self.next_job.take();
                self.admit_next_arrival()?;
                if let Some(job) = job {
                    self.make_room(&job, MOST_OPEN)?;
                    self.arrive(job);
                }
            }
            Event::Turn(session) => self.turn(session),
            // Or its user cancelled it while it slept.
            Event::Enter(slot) | Event::Ask(slot) if !self.works.wakes(slot) => {}
            Event::Enter(slot) => self.enter(slot),
            Event::Close { slot, first } => self.close_batch(slot, first),
            Event::Ask(slot) => self.ask(slot),
            // An earlier one may have taken its place.
            Event::Wake(client) if self.clients[client].wake_at == Some(now) => {
                self.clients[client].wake_at = None;
                self.pump(client);
            }
            Event::Wake(_) => {}
            Event::Reach(call) => self.reach(call),
            Event::Done(call) => self.done(call),
            Event::Respond(call) => self.respond(call),
            Event::TimeOut(call) => self.time_out(call),
            Event::Cancel { slot, id } => self.cancel(slot, id),
            Event::Tenant(call) => self.meet_tenant(*call)?,
        }
        Ok(())
    }

    fn new(
        scenario: &Scenario,
        strategy: &Strategy,
        streams: Streams,
        observer: O,
    ) -> Result<Self, TraceError> {
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
            assignment: Assignment::new(strategy, &scenario.workloads, streams),
            clients: (0..strategy.clients.get()).map(client).collect(),
            calls: Calls::default(),
            providers: providers.collect(),
            servers: scenario.providers.iter().map(Server::new).collect(),
            tenants: Tenants::start(scenario, streams)?,
            sessions: Sessions::new(scenario, streams)?,
            patience: Patience::new(&scenario.workloads, streams),
            tally: Tally::new(scenario),
            heard: Vec::new(),
            refused: None,
            observer,
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

    /// Refuses a request of a trace while so many are not done: the trace is a mistake, and memory is finite.
    fn make_room(&self, job: &Job, most: usize) -> Result<(), TraceError> {
        if self.works.taken() < most {
            return Ok(());
        }
        let what = format!("expected at most {most} requests that are not done at a time");
        self.jobs.error(job.workload, &what).map_or(Ok(()), Err)
    }

    fn admit_next_arrival(&mut self) -> Result<(), TraceError> {
        self.next_job = self.jobs.next_job()?;
        if let Some(job) = &self.next_job {
            self.events.schedule(job.at, Event::Arrive);
        }
        Ok(())
    }

    pub(super) fn admit_next_tenant(&mut self, group: usize) -> Result<(), TraceError> {
        if let Some(call) = self.tenants.next_call(group)? {
            let at = call.job.at;
            self.events.schedule(at, Event::Tenant(Box::new(call)));
        }
        Ok(())
    }

    /// Whose request it is.
    pub(super) fn client(&self, slot: u32) -> usize {
        self.assignment.client_of(&self.works.get(slot).job)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::observe::Nobody;

    #[test]
    fn no_more_of_a_trace_waits_than_memory_should_hold() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let trace = folder.path().join("three.csv");
        let rows = "arrival_ms,input_tokens,output_tokens\n0,1,1\n0,1,1\n0,1,1\n";
        fs::write(&trace, rows).expect("the folder can be written to");
        let world = |arrivals: &str| {
            let text = format!(
                "seed = 1
                duration_s = 10
                workload = {{ {arrivals} }}
                provider.first_token.fixed_s = 20
                strategy = [{{ name = \"one at a time\", concurrency = 1 }}]"
            );
            let scenario = Scenario::parse(&text, "a test").expect("it is legal");
            let strategy = &scenario.strategies[0];
            let mut world = World::start(&scenario, strategy, Streams::new(1), Nobody)
                .expect("the trace is there");
            while world.step().expect("three are not too many") {}
            let job = world.works.rest().next().expect("none is done").job;
            (world.make_room(&job, 4), world.make_room(&job, 3))
        };

        let (room, full) = world(&format!("arrivals.trace.path = '{}'", trace.display()));
        room.expect("three are below four");
        let full = full
            .expect_err("three are no longer below three")
            .to_string();
        let what = ": expected at most 3 requests that are not done at a time";
        assert!(
            full.contains("three.csv:") && full.ends_with(what),
            "{full}"
        );

        let drawn = "arrivals.batch.jobs = 3, input_tokens.fixed = 1, output_tokens.fixed = 1";
        world(drawn)
            .1
            .expect("what is drawn is as the scenario says");
    }
}
