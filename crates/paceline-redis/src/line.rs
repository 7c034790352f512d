use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use paceline_admission::{Gate, Place, Priority, WaitLine};
use paceline_concurrency::{Concurrency, Limit, Outcome, Ticket};
use paceline_core::{Demand, Limiter, Rng, SplitMix64, Timestamp};
use tokio::sync::Notify;

use crate::throttle::Shared;

/// Who waits in this process, and what they must pass before the store is asked.
///
/// While all who are in line are asking the store, newcomers ask at once, and their questions are
/// pipelined. Once somebody was denied, only the head asks: when it may be granted, and not before.
pub(crate) struct Line {
    pub(crate) waiters: WaitLine<Arc<Notify>>,
    /// How many of them are asking the store.
    pub(crate) asking: usize,
    pub(crate) gate: Gate,
    pub(crate) permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    /// When the same demand as the last granted one would be granted again.
    pub(crate) again_at: Option<(Demand, Timestamp)>,
    /// Draws among processes that wait for the same cell.
    lots: SplitMix64,
    /// How often something came back, or changed, that makes earlier answers obsolete.
    pub(crate) changes: u64,
}

/// Whether somebody in line may ask the store.
pub(crate) enum Turn {
    /// It may, and has begun to.
    Ask,
    /// Not before this time.
    Until(Timestamp),
    /// Somebody else comes first, or has to give a permit back.
    Wait,
    /// No permit will ever be free.
    Never,
}

/// What gate and permits say.
pub(crate) enum Pass {
    /// Go, with a permit if these are counted.
    Ask(Option<Ticket>),
    /// Not before this time.
    Until(Timestamp),
    /// All permits are in use.
    Busy,
    /// No permit will ever be free.
    Never,
}

impl Line {
    pub(crate) const fn new(
        most: usize,
        seed: u64,
        gate: Gate,
        permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    ) -> Self {
        Self {
            waiters: WaitLine::new(most),
            asking: 0,
            gate,
            permits,
            again_at: None,
            lots: SplitMix64::new(seed),
            changes: 0,
        }
    }

    /// Whether nobody waits, nor asks the store.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Where a newcomer would stand.
    pub(crate) fn place(&self, now: Timestamp, priority: Priority) -> Place {
        self.waiters.place(now, priority)
    }

    /// How many wait who are not asking the store.
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len().saturating_sub(self.asking)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.permits.as_ref().map_or(0, Concurrency::in_flight)
    }

    /// Earlier answers are obsolete: whoever is first asks again.
    pub(crate) fn change(&mut self) {
        self.changes = self.changes.wrapping_add(1);
        self.again_at = None;
        self.wake_head();
    }

    /// Takes a permit back.
    pub(crate) fn finish(&mut self, ticket: Option<Ticket>, now: Timestamp, outcome: Outcome) {
        if let (Some(permits), Some(ticket)) = (&mut self.permits, ticket) {
            permits.finish(ticket, now, outcome);
            self.wake_head();
        }
    }

    pub(crate) fn wake_head(&self) {
        if let Some((_, head)) = self.waiters.head() {
            head.notify_one();
        }
    }

    pub(crate) fn is_head(&self, place: Place) -> bool {
        self.waiters.head().is_some_and(|(head, _)| head == place)
    }

    /// When this demand may be granted again, if the last grant said so.
    pub(crate) fn again_at(&self, demand: Demand, now: Timestamp) -> Option<Timestamp> {
        let (of, at) = self.again_at?;
        (of == demand && now < at).then_some(at)
    }

    /// Asks gate and permits; takes a permit.
    pub(crate) fn pass(&mut self, now: Timestamp) -> Pass {
        if let Err(denied) = self.gate.check(now, 1) {
            return Pass::Until(denied.retry_at().unwrap_or(Timestamp::MAX));
        }
        match &mut self.permits {
            None => Pass::Ask(None),
            Some(permits) if permits.limit() == 0 => Pass::Never,
            Some(permits) => match permits.try_start(now) {
                Ok(ticket) => Pass::Ask(Some(ticket)),
                Err(_) => Pass::Busy,
            },
        }
    }
}

impl Shared {
    /// A random time, up to a millisecond and to what is waited for anyway.
    ///
    /// Timers go off at whole milliseconds of each process. Without it, of those who wait for the same cell the one
    /// whose milliseconds begin first would always be first.
    pub(crate) fn lot(&self, wait: Duration) -> Duration {
        let most = u64::try_from(wait.as_micros())
            .unwrap_or(u64::MAX)
            .min(1_000);
        let drawn = self.line().0.lots.next_u64();
        Duration::from_micros(drawn.checked_rem(most).unwrap_or(0))
    }

    /// The line, and a time that does not run back while it is held.
    pub(crate) fn line(&self) -> (MutexGuard<'_, Line>, Timestamp) {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        (line, self.store.now())
    }
}
