use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use paceline_admission::{Gate, Place, Priority, WaitLine};
use paceline_concurrency::{Concurrency, Limit, Outcome, Ticket};
use paceline_core::{Demand, Denied, Limiter, Rng, SplitMix64, Timestamp};
use tokio::sync::Notify;

use crate::{AcquireError, TryAcquireError, throttle::Shared};

/// Who waits in this process, and what they must pass before the store is asked.
///
/// While all who are in line are asking the store, newcomers ask at once, and their questions are
/// pipelined. Once somebody was denied, only the head asks: when it may be granted, and not before.
pub(crate) struct Line {
    waiters: WaitLine<Arc<Notify>>,
    /// How many of them are asking the store.
    asking: usize,
    pub(crate) gate: Gate,
    pub(crate) permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    /// When the same demand as the last granted one would be granted again.
    again_at: Option<(Demand, Timestamp)>,
    /// Draws among processes that wait for the same cell.
    lots: SplitMix64,
    /// How often something came back, or changed, that makes earlier answers obsolete.
    changes: u64,
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

    fn wake_head(&self) {
        if let Some((_, head)) = self.waiters.head() {
            head.notify_one();
        }
    }

    fn is_head(&self, place: Place) -> bool {
        self.waiters.head().is_some_and(|(head, _)| head == place)
    }

    /// When this demand may be granted again, if the last grant said so.
    fn again_at(&self, demand: Demand, now: Timestamp) -> Option<Timestamp> {
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

/// A place in line, given up when it is dropped.
pub(crate) struct Seat<'a> {
    shared: &'a Shared,
    place: Place,
    wake: Arc<Notify>,
    demand: Demand,
    /// Whether it is asking the store.
    asking: bool,
    ticket: Option<Ticket>,
    /// Not before this time, unless something changes.
    retry_at: Option<(Timestamp, u64)>,
}

impl<'a> Seat<'a> {
    /// Takes a place in line; the one it had before, if it had one. Says whether it may ask at once.
    pub(crate) fn take(
        shared: &'a Shared,
        demand: Demand,
        priority: Priority,
        former: Option<Place>,
    ) -> Result<(Self, Turn), AcquireError> {
        let (mut line, now) = shared.line();
        let wake = Arc::new(Notify::new());
        let again = former.filter(|&place| line.waiters.rejoin(place, Arc::clone(&wake)).is_ok());
        let joined = match again {
            Some(place) => Ok(place),
            None => line.waiters.join(now, priority, Arc::clone(&wake)),
        };
        let most = line.waiters.most();
        let place = joined.map_err(|_| AcquireError::LineFull { most })?;
        let mut seat = Self::at(shared, place, wake, demand);
        let turn = seat.may_ask(&mut line, now);
        Ok((seat, turn))
    }

    /// Takes a place in line if it may ask the store at once.
    pub(crate) fn try_take(shared: &'a Shared, demand: Demand) -> Result<Self, TryAcquireError> {
        let (mut line, now) = shared.line();
        let one_at_a_time = shared.lease.is_some() || !line.gate.spacing().is_zero();
        let waiting = match one_at_a_time {
            true => line.waiters.len(),
            false => line.waiting(),
        };
        if waiting > 0 {
            return Err(TryAcquireError::Behind { waiting });
        }
        if let Some(at) = line.again_at(demand, now) {
            return Err(TryAcquireError::Denied(Denied::Until(at)));
        }
        let ticket = match line.pass(now) {
            Pass::Ask(ticket) => ticket,
            Pass::Until(at) => return Err(TryAcquireError::Denied(Denied::Until(at))),
            Pass::Busy => return Err(TryAcquireError::Busy),
            Pass::Never => return Err(TryAcquireError::Denied(Denied::TooLarge { max: 0 })),
        };
        let wake = Arc::new(Notify::new());
        let joined = line
            .waiters
            .join(now, Priority::default(), Arc::clone(&wake));
        let Ok(place) = joined else {
            let waiting = line.waiters.len();
            line.finish(ticket, now, Outcome::Ignored);
            return Err(TryAcquireError::Behind { waiting });
        };
        let mut seat = Self::at(shared, place, wake, demand);
        seat.begins_to_ask(&mut line, ticket);
        Ok(seat)
    }

    const fn at(shared: &'a Shared, place: Place, wake: Arc<Notify>, demand: Demand) -> Self {
        Self {
            shared,
            place,
            wake,
            demand,
            asking: false,
            ticket: None,
            retry_at: None,
        }
    }

    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Begins to ask the store if it may.
    pub(crate) fn turn(&mut self) -> Turn {
        let (mut line, now) = self.shared.line();
        self.may_ask(&mut line, now)
    }

    fn may_ask(&mut self, line: &mut Line, now: Timestamp) -> Turn {
        // A lease is refilled by one question at a time, and a gate that was closed lets one pass at a time.
        let alone =
            self.shared.lease.is_none() && line.waiting() <= 1 && line.gate.spacing().is_zero();
        if !alone && !line.is_head(self.place) {
            return Turn::Wait;
        }
        if let Some((at, changes)) = self.retry_at
            && changes == line.changes
            && now < at
        {
            return Turn::Until(at);
        }
        if let Some(at) = line.again_at(self.demand, now) {
            return Turn::Until(at);
        }
        match line.pass(now) {
            Pass::Ask(ticket) => {
                self.begins_to_ask(line, ticket);
                Turn::Ask
            }
            Pass::Until(at) => Turn::Until(at),
            Pass::Busy => Turn::Wait,
            Pass::Never => Turn::Never,
        }
    }

    fn begins_to_ask(&mut self, line: &mut Line, ticket: Option<Ticket>) {
        self.ticket = ticket;
        self.asking = true;
        line.asking += 1;
    }

    /// It was denied until this time.
    pub(crate) fn denied_until(&mut self, at: Timestamp) {
        let (mut line, now) = self.shared.line();
        self.retry_at = Some((at, line.changes));
        self.stop_asking(&mut line, now);
        line.wake_head();
    }

    /// It was granted: leaves the line with its permit.
    pub(crate) fn granted(mut self, again_at: Timestamp) -> Option<Ticket> {
        let (mut line, now) = self.shared.line();
        line.gate.charge(now, 1);
        line.again_at = (again_at > now).then_some((self.demand, again_at));
        self.ticket.take()
    }

    /// Waits until it may be its turn.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    fn stop_asking(&mut self, line: &mut Line, now: Timestamp) {
        if self.asking {
            self.asking = false;
            line.asking = line.asking.saturating_sub(1);
        }
        line.finish(self.ticket.take(), now, Outcome::Ignored);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let (mut line, now) = self.shared.line();
        line.waiters.leave(self.place);
        self.stop_asking(&mut line, now);
        line.wake_head();
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
