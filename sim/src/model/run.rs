use std::fmt;

use paceline_core::Timestamp;

use super::{
    observe::{Nobody, Observer},
    tally::Tally,
    world::World,
};
use crate::{
    engine::Streams,
    scenario::{Scenario, limit::RateLimit, strategy::Strategy},
    workload::TraceError,
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
    let mut run = Run::start(scenario, strategy, streams, Nobody)?;
    while run.step()? {}
    Ok(run.finish().0)
}

/// One run of a strategy that goes on whenever it is told to, before the eyes of an observer.
pub struct Run<O> {
    world: World<O>,
}

/// What a provider has left of one limit of a key.
#[derive(Clone, Copy, Debug)]
pub struct Remaining<'a> {
    /// The limit.
    pub rate: &'a RateLimit,
    /// How many cells conform.
    pub cells: u64,
}

impl<O: Observer> Run<O> {
    /// Starts a run, in which nothing has happened yet.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    ///
    /// # Panics
    ///
    /// Panics if the strategy was not checked.
    pub fn start(
        scenario: &Scenario,
        strategy: &Strategy,
        streams: Streams,
        observer: O,
    ) -> Result<Self, TraceError> {
        let world = World::start(scenario, strategy, streams, observer)?;
        Ok(Self { world })
    }

    /// Lets the next event happen; says whether there was one before the end.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    ///
    /// # Panics
    ///
    /// Panics if more requests are under way than the engine's pending set can hold.
    pub fn step(&mut self) -> Result<bool, TraceError> {
        self.world.step()
    }

    /// When the next event happens; `None` if there is none before the end.
    pub fn next_at(&self) -> Option<Timestamp> {
        let at = self.world.events.next_at()?;
        (at < self.world.end).then_some(at)
    }

    /// What is left at `now` of the limits of a key, in the order of the scenario.
    ///
    /// `now` is not before the last event, nor after the next one. Empty if there is no such key.
    pub fn remaining(&mut self, now: Timestamp, key: usize) -> impl Iterator<Item = Remaining<'_>> {
        let provider = self.world.providers.get_mut(key);
        provider.into_iter().flat_map(move |it| {
            it.remaining(now)
                .map(|(rate, cells)| Remaining { rate, cells })
        })
    }

    /// How many keys all providers have together.
    pub fn keys(&self) -> usize {
        self.world.providers.len()
    }

    /// Who watches.
    pub const fn observer(&self) -> &O {
        &self.world.observer
    }

    /// Who watches, for change.
    pub const fn observer_mut(&mut self) -> &mut O {
        &mut self.world.observer
    }

    /// Leaves the run where it is.
    pub fn into_observer(self) -> O {
        self.world.observer
    }

    /// Ends the run here: what is not done stays undone.
    pub fn finish(self) -> (Tally, O) {
        self.world.close()
    }
}

impl<O> fmt::Debug for Run<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("now", &self.world.now)
            .finish_non_exhaustive()
    }
}
