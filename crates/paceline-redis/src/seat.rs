use std::sync::Arc;

use paceline_admission::{Place, Priority};
use paceline_concurrency::{Outcome, Ticket};
use paceline_core::{Demand, Denied, Limiter, Timestamp};
use tokio::sync::Notify;

use crate::{
    AcquireError, TryAcquireError,
    line::{Line, Pass, Turn},
    throttle::Shared,
};

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
