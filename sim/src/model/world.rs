use std::time::Duration;

use paceline_backoff::FailureKind;
use paceline_core::Timestamp;

use super::{
    client::{Admission, Verdict},
    provider::{Outcome, Provider},
    retry::{History, Retries},
    tally::Tally,
};
use crate::{
    engine::{EventQueue, Streams},
    scenario::{
        Scenario,
        strategy::{Queue, Strategy},
    },
    workload::{Job, Jobs, TraceError},
};

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
            Event::Wake if world.wake_at == Some(now) => {
                world.wake_at = None;
                world.pump();
            }
            Event::Wake => {}
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
    /// The head of the queue may conform now.
    Wake,
    /// The answer to a call reaches the client.
    Respond(u32, Outcome),
}

/// A request that is not done.
#[derive(Debug)]
struct Work {
    job: Job,
    calls: u32,
    history: History,
}

impl Work {
    fn new(job: Job) -> Self {
        Self {
            job,
            calls: 0,
            history: History::default(),
        }
    }
}

struct World {
    now: Timestamp,
    end: Timestamp,
    jobs: Jobs,
    events: EventQueue<Event>,
    works: Works,
    admission: Admission,
    retries: Retries,
    provider: Provider,
    tally: Tally,
    /// When the head of the queue is asked next.
    wake_at: Option<Timestamp>,
}

impl World {
    fn new(scenario: &Scenario, strategy: &Strategy, streams: Streams) -> Result<Self, TraceError> {
        let start = scenario.start();
        Ok(Self {
            now: start,
            end: start.saturating_add(scenario.duration()),
            jobs: Jobs::start(scenario, streams)?,
            events: EventQueue::new(),
            works: Works::default(),
            admission: Admission::new(strategy, start),
            retries: Retries::new(strategy, streams)
                .expect("scenarios are checked when they are read"),
            provider: Provider::new(&scenario.provider, start, streams),
            tally: Tally::new(start, scenario.duration(), scenario.bin()),
            wake_at: None,
        })
    }

    fn admit_next_arrival(&mut self) -> Result<(), TraceError> {
        if let Some(job) = self.jobs.next_job()? {
            self.events.schedule(job.at, Event::Arrive(job));
        }
        Ok(())
    }

    fn ask(&mut self, slot: u32) {
        let job = self.works.get(slot).job;
        self.admission.enqueue(&job, slot);
        self.pump();
    }

    /// Sends whatever may be sent, oldest first.
    fn pump(&mut self) {
        while let Some(slot) = self.admission.head() {
            let job = self.works.get(slot).job;
            if self.now >= self.admission.deadline(&job) {
                self.admission.dequeue();
                self.abandon(slot);
                continue;
            }
            match self.admission.try_send(self.now, &job) {
                Verdict::Send => {
                    self.admission.dequeue();
                    self.call(slot);
                }
                Verdict::Never => {
                    self.admission.dequeue();
                    self.abandon(slot);
                }
                Verdict::Full => return,
                Verdict::Wait(at) if self.admission.queue == Queue::None => {
                    self.admission.dequeue();
                    self.events.schedule(at, Event::Ask(slot));
                }
                Verdict::Wait(at) => {
                    if self.wake_at.is_none_or(|wake_at| at < wake_at) {
                        self.wake_at = Some(at);
                        self.events.schedule(at, Event::Wake);
                    }
                    return;
                }
            }
        }
    }

    fn call(&mut self, slot: u32) {
        let work = self.works.get_mut(slot);
        let answer = self.provider.call(self.now, &work.job, work.calls);
        if work.calls == 0 {
            work.history.first_call_at = self.now;
            self.retries.first_call(self.now);
        }
        work.calls += 1;
        self.tally.call(self.now, &work.job, answer.outcome);
        let at = self.now.saturating_add(answer.after);
        self.events
            .schedule(at, Event::Respond(slot, answer.outcome));
    }

    fn respond(&mut self, slot: u32, outcome: Outcome) {
        self.admission.finish();
        let job = self.works.get(slot).job;
        if matches!(outcome, Outcome::Success | Outcome::Failed) {
            self.provider.finish(self.now, &job, outcome);
        }
        match outcome {
            Outcome::Success => self.succeed(slot),
            Outcome::TooLarge => self.abandon(slot),
            Outcome::Failed | Outcome::Unavailable => {
                self.retry_or_abandon(slot, FailureKind::Error, None);
            }
            Outcome::Refused { retry_after } => {
                self.retry_or_abandon(slot, FailureKind::Throttled, retry_after);
            }
        }
        self.pump();
    }

    fn succeed(&mut self, slot: u32) {
        let work = self.works.remove(slot);
        self.retries.success(self.now, &work.history);
        if self.now <= self.admission.deadline(&work.job) {
            let latency = self.now.saturating_duration_since(work.job.at);
            self.tally.success(latency);
        } else {
            self.tally.waste(&work.job);
            self.tally.abandoned += 1;
        }
    }

    fn retry_or_abandon(&mut self, slot: u32, kind: FailureKind, hint: Option<Duration>) {
        let work = self.works.get_mut(slot);
        let deadline = self.admission.deadline(&work.job);
        let history = &mut work.history;
        let next = self
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
        self.works.remove(slot);
        self.tally.abandoned += 1;
    }

    /// Counts what is left.
    fn close(mut self) -> Tally {
        for work in self.works.rest() {
            if self.admission.deadline(&work.job) <= self.end {
                self.tally.abandoned += 1;
            } else {
                self.tally.unfinished += 1;
            }
        }
        self.tally
    }
}

/// Requests that are not done, each in a slot of its own.
#[derive(Debug, Default)]
struct Works {
    slots: Vec<Option<Work>>,
    free: Vec<u32>,
}

impl Works {
    fn insert(&mut self, work: Work) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(work);
            return slot;
        }
        let slot = u32::try_from(self.slots.len()).expect("fewer events than that can be pending");
        self.slots.push(Some(work));
        slot
    }

    fn get(&self, slot: u32) -> &Work {
        self.slots[slot as usize]
            .as_ref()
            .expect("the slot is taken until the work is done")
    }

    fn get_mut(&mut self, slot: u32) -> &mut Work {
        self.slots[slot as usize]
            .as_mut()
            .expect("the slot is taken until the work is done")
    }

    fn remove(&mut self, slot: u32) -> Work {
        self.free.push(slot);
        self.slots[slot as usize]
            .take()
            .expect("the slot is taken until the work is done")
    }

    fn rest(&self) -> impl Iterator<Item = &Work> {
        self.slots.iter().flatten()
    }
}
