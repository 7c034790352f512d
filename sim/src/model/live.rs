use std::{collections::BTreeMap, fmt, mem, time::Duration};

use paceline_core::Timestamp;

use super::{
    answer::{Outcome, Reads, Said},
    calls::{Call, CallId, Caller, Stage},
    dialect::{Occasion, Response},
    observe::{Nobody, Observer},
    provider::Provider,
    service::{self, Drawn},
    world::World,
};
use crate::{
    engine::Streams,
    scenario::{Scenario, units::PositiveSeconds},
    workload::{Job, TraceError},
};

/// A provider of a scenario that goes on without an end and is called from outside of the model.
///
/// It is the world of a run in which nobody asks: limits, others who call, outages, later limits, machines and
/// the network are those of the scenario, and only the calls come from elsewhere. Whoever drives it says what
/// time it is.
pub struct Live {
    world: World<Nobody>,
    /// Calls that have not come to their end, by their numbers.
    calls: BTreeMap<u64, CallId>,
    /// The place of the provider in the scenario.
    provider: usize,
    /// The places of its keys among all keys.
    keys: Vec<usize>,
    scenario: Scenario,
    streams: Streams,
}

/// A call from outside.
#[derive(Clone, Copy, Debug)]
pub struct Outside {
    /// By which its caller knows it; no two calls under way have the same.
    pub number: u64,
    /// Which of the provider's keys it is sent with, counted from 0. Those beyond the keys of the scenario are
    /// added, each with limits of its own.
    pub key: usize,
    /// What it asks for. Its number and the attempt decide about its luck, as in a run.
    pub job: Job,
    /// How many calls of the same request came before it.
    pub attempt: u32,
}

/// What a caller outside is told.
#[derive(Debug)]
pub enum Heard {
    /// A worker begins with the call of this number, and will answer it or break off.
    Begins(u64, Beginning),
    /// The answer to the call of this number is there; nothing follows.
    Ends(u64, Ending),
}

/// When an answer comes that is told word by word.
#[derive(Debug)]
pub struct Beginning {
    /// When its first token is there.
    pub first_at: Timestamp,
    /// How long each token takes.
    pub each: Duration,
    /// What the provider says with it.
    pub response: Response,
}

/// What became of a call.
#[derive(Debug)]
pub struct Ending {
    /// When it was there.
    pub at: Timestamp,
    /// What it led to.
    pub outcome: Outcome,
    /// What the provider says.
    pub response: Response,
}

impl Live {
    /// Starts the provider in this place of a scenario, at the scenario's start.
    ///
    /// # Errors
    ///
    /// Fails if the trace of a tenant cannot be read.
    ///
    /// # Panics
    ///
    /// Panics if the scenario has no such provider, or its strategies were not checked.
    pub fn start(scenario: &Scenario, provider: usize) -> Result<Self, TraceError> {
        let mut scenario = scenario.clone();
        scenario.workloads.clear();
        scenario.bin_s = None;
        scenario.duration_s = PositiveSeconds::LONGEST;
        for (place, other) in scenario.providers.iter_mut().enumerate() {
            if place != provider {
                other.tenants.clear();
            }
        }
        let streams = Streams::new(scenario.seed);
        let world = World::start(&scenario, &scenario.strategies[0], streams, Nobody)?;
        let keys = world.providers.iter().enumerate();
        let keys = keys.filter(|(_, key)| key.of == provider);
        Ok(Self {
            keys: keys.map(|(place, _)| place).collect(),
            world,
            calls: BTreeMap::new(),
            provider,
            scenario,
            streams,
        })
    }

    /// When the next thing happens, if nobody calls before.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.world.events.next_at()
    }

    /// Lets everything happen up to `now`, which is never before what it was told last.
    ///
    /// # Errors
    ///
    /// Fails if the trace of a tenant cannot be read.
    ///
    /// # Panics
    ///
    /// Panics if more calls are under way than the engine's pending set can hold: 2^24.
    pub fn advance(&mut self, now: Timestamp) -> Result<(), TraceError> {
        let world = &mut self.world;
        while world.events.next_at().is_some_and(|at| at <= now) {
            if let Some((at, event)) = world.events.pop() {
                world.now = at;
                world.happen(at, event)?;
            }
        }
        world.now = world.now.max(now);
        Ok(())
    }

    /// Sends a call, at the time to which it was advanced.
    ///
    /// # Panics
    ///
    /// As [`advance`](Self::advance).
    pub fn send(&mut self, call: Outside) {
        let key = self.key(call.key);
        let Outside {
            number,
            job,
            attempt,
            ..
        } = call;
        let world = &mut self.world;
        let (there, back) = world.providers[key].ways(&job, attempt);
        let id = world.calls.insert(Call {
            caller: Caller::Outside(number),
            job,
            key,
            attempt,
            reads: Reads::All,
            back,
            sent_at: world.now,
            stage: Stage::Going,
            answer: None,
        });
        self.calls.insert(number, id);
        world.go(id, there);
    }

    /// Lets a caller wait no longer.
    pub fn leave(&mut self, number: u64) {
        if let Some(id) = self.calls.remove(&number) {
            self.world.turn_away(id);
        }
    }

    /// What callers are to be told, in the order in which it happened.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        let heard = mem::take(&mut self.world.heard);
        for it in &heard {
            if let Heard::Ends(number, _) = it {
                self.calls.remove(number);
            }
        }
        heard
    }

    /// How many events are pending.
    pub const fn pending(&self) -> usize {
        self.world.events.len()
    }

    /// The place of a key among all keys, which is made if there is none yet.
    fn key(&mut self, number: usize) -> usize {
        let keys = &mut self.world.providers;
        while self.keys.len() <= number {
            let (spec, place) = (&self.scenario.providers[self.provider], keys.len());
            let start = self.scenario.start();
            let of = (self.provider, spec);
            keys.push(Provider::new(of, place as u64, start, self.streams));
            self.keys.push(place);
        }
        self.keys[number]
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("now", &self.world.now)
            .finish_non_exhaustive()
    }
}

/// What callers outside are told.
impl<O: Observer> World<O> {
    /// Tells of a call with which a worker begins now, and how much longer it takes for what else is in service.
    pub(super) fn tell_beginning(&mut self, id: CallId, number: u64, slowed: Duration) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let key = &self.providers[call.key];
        let Some(drawn) = key.drawn(&call.job, call.attempt) else {
            return;
        };
        let Drawn { first, each, .. } = drawn;
        let answer = call.answer.as_ref();
        let said = if drawn.breaks_off {
            // So far it is an answer like others.
            words(&key.say(self.now, Occasion::Answer, Reads::All))
        } else {
            answer.map(|it| words(&it.said)).unwrap_or_default()
        };
        let first_at = self.now.saturating_add(slowed);
        let first_at = first_at.saturating_add(service::duration(first));
        let beginning = Beginning {
            first_at: first_at.saturating_add(call.back),
            each: service::duration(each),
            response: said,
        };
        self.heard.push(Heard::Begins(number, beginning));
    }

    /// Tells of the answer to a call, which arrives now.
    pub(super) fn tell_ending(&mut self, number: u64, call: Call) {
        let ending = Ending {
            at: self.now,
            outcome: call
                .answer
                .as_ref()
                .map_or(Outcome::Unavailable, |it| it.outcome),
            response: call.answer.map(|it| words(&it.said)).unwrap_or_default(),
        };
        self.heard.push(Heard::Ends(number, ending));
    }
}

fn words(said: &Said) -> Response {
    match said {
        Said::Words(response) => (**response).clone(),
        // Those outside read all of it.
        Said::Nothing | Said::Gist(_) => Response::default(),
    }
}
