use std::time::Duration;

use paceline_backoff::FailureKind;
use paceline_core::Timestamp;

use super::{
    client::{Client, Held, Verdict},
    provider::{Outcome, Provider},
    tally::Tally,
    works::{Work, Works},
};
use crate::{
    engine::{EventQueue, Streams},
    scenario::{Scenario, strategy::Strategy},
    workload::{Job, Jobs, TraceError},
};

/// Whether a strategy makes sense.
///
/// # Errors
///
/// Says what is contradictory, such as a cap below the first delay.
pub fn check(strategy: &Strategy) -> Result<(), String> {
    Client::new(strategy, &[], 0, Timestamp::EPOCH, Streams::new(0)).map(|_| ())
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
    while let Some((now, event)) = world.events.pop() {
        if now >= world.end {
            break;
        }
        world.now = now;
        match event {
            Event::Arrive(job) => {
                world.admit_next_arrival()?;
                let slot = world.works.insert(Work::new(job));
                world.ask(slot);
            }
            Event::Ask(slot) => world.ask(slot),
            // An earlier one may have taken its place.
            Event::Wake(client) if world.clients[client].wake_at == Some(now) => {
                world.clients[client].wake_at = None;
                world.pump(client);
            }
            Event::Wake(_) => {}
            Event::Respond(slot, outcome) => world.respond(slot, outcome),
        }
    }
    Ok(world.close())
}

/// What can happen.
#[derive(Debug)]
enum Event {
    /// A request arrives.
    Arrive(Job),
    /// A request wants to be sent, again.
    Ask(u32),
    /// The head of a client's line may conform now.
    Wake(usize),
    /// The answer to a call reaches the client.
    Respond(u32, Outcome),
}

struct World {
    now: Timestamp,
    end: Timestamp,
    jobs: Jobs,
    events: EventQueue<Event>,
    works: Works,
    clients: Vec<Client>,
    provider: Provider,
    tally: Tally,
}

impl World {
    fn new(scenario: &Scenario, strategy: &Strategy, streams: Streams) -> Result<Self, TraceError> {
        let start = scenario.start();
        let client = |number| {
            Client::new(strategy, &scenario.workloads, number, start, streams)
                .expect("scenarios are checked when they are read")
        };
        Ok(Self {
            now: start,
            end: start.saturating_add(scenario.duration()),
            jobs: Jobs::start(scenario, streams)?,
            events: EventQueue::new(),
            works: Works::default(),
            clients: (0..strategy.clients.get()).map(client).collect(),
            provider: Provider::new(&scenario.provider, start, streams),
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

    /// Whose request it is: clients take turns.
    fn client(&self, slot: u32) -> usize {
        let clients = self.clients.len() as u64;
        usize::try_from(self.works.get(slot).job.id % clients).unwrap_or_default()
    }

    fn ask(&mut self, slot: u32) {
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
            if self.now >= client.deadline(&self.works.get(slot).job) {
                client.dequeue(place);
                self.abandon(slot);
                continue;
            }
            match client.try_send(self.now) {
                Verdict::Send(held) => {
                    client.dequeue(place);
                    self.call(index, slot, held);
                }
                Verdict::Never => {
                    client.dequeue(place);
                    self.abandon(slot);
                }
                Verdict::Full => return,
                Verdict::Wait(at) if client.queues => {
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

    fn call(&mut self, client: usize, slot: u32, held: Held) {
        let work = self.works.get_mut(slot);
        work.held = Some(held);
        let answer = self.provider.call(self.now, &work.job, work.calls);
        if work.calls == 0 {
            work.history.first_call_at = self.now;
            self.clients[client].retries.first_call(self.now);
        }
        work.calls += 1;
        self.tally.call(self.now, &work.job, answer.outcome);
        let at = self.now.saturating_add(answer.after);
        self.events
            .schedule(at, Event::Respond(slot, answer.outcome));
    }

    fn respond(&mut self, slot: u32, outcome: Outcome) {
        let client = self.client(slot);
        let work = self.works.get_mut(slot);
        let job = work.job;
        if let Some(held) = work.held.take() {
            self.clients[client].finish(self.now, held, &job, outcome);
        }
        if matches!(outcome, Outcome::Success | Outcome::Failed) {
            self.provider.finish(self.now, &job, outcome);
        }
        match outcome {
            Outcome::Success => self.succeed(client, slot),
            Outcome::TooLarge => self.abandon(slot),
            Outcome::Failed | Outcome::Unavailable => {
                self.retry_or_abandon(client, slot, FailureKind::Error, None);
            }
            Outcome::Refused { retry_after } => {
                self.retry_or_abandon(client, slot, FailureKind::Throttled, retry_after);
            }
        }
        self.pump(client);
    }

    fn succeed(&mut self, client: usize, slot: u32) {
        let work = self.works.remove(slot);
        let client = &mut self.clients[client];
        client.retries.success(self.now, &work.history);
        if self.now <= client.deadline(&work.job) {
            self.tally.success(self.now, &work.job);
        } else {
            self.tally.waste(&work.job);
            self.tally.abandon(&work.job);
        }
    }

    fn retry_or_abandon(
        &mut self,
        client: usize,
        slot: u32,
        kind: FailureKind,
        hint: Option<Duration>,
    ) {
        let client = &mut self.clients[client];
        let work = self.works.get_mut(slot);
        let deadline = client.deadline(&work.job);
        let history = &mut work.history;
        let next = client
            .retries
            .next(self.now, &work.job, history, kind, hint, deadline);
        match next {
            Some(delay) => {
                let at = self.now.saturating_add(delay);
                self.events.schedule(at, Event::Ask(slot));
            }
            None => self.abandon(slot),
        }
    }

    fn abandon(&mut self, slot: u32) {
        let work = self.works.remove(slot);
        self.tally.abandon(&work.job);
    }

    /// Counts what is left.
    fn close(mut self) -> Tally {
        for work in self.works.rest() {
            // All clients have the same deadline.
            if self.clients[0].deadline(&work.job) <= self.end {
                self.tally.abandon(&work.job);
            } else {
                self.tally.leave(&work.job);
            }
        }
        self.tally
    }
}
