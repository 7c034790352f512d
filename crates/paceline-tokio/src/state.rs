use std::{mem, task::Waker};

use paceline_admission::{Gate, Place, Priority, WaitLine};
use paceline_composite::Admit;
use paceline_concurrency::{Concurrency, Limit, Ticket};
use paceline_core::{Denied, Limiter, Timestamp};
use tokio::runtime::{Handle, Id};

use crate::{AcquireError, outside::Outside, timer::Timer};

/// What tasks wait for, and who waits.
///
/// *Invariant.* Whenever the lock is free, the head of the line has been woken, or waits for a
/// permit, or the timer is set for it. Nobody else has to be woken.
pub(crate) struct State<A: Admit> {
    pub(crate) limits: A,
    pub(crate) gate: Gate,
    pub(crate) permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    pub(crate) line: WaitLine<Waiter<A::Cost>>,
    pub(crate) timer: Timer,
}

#[derive(Debug)]
pub(crate) struct Waiter<C> {
    cost: C,
    waker: Waker,
    /// In which it is polled; a timer of another one may never go off.
    runtime: Option<Id>,
}

/// What an admitted request holds.
pub(crate) struct Held<R> {
    pub(crate) receipt: R,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) at: Timestamp,
}

/// Why a request is not admitted now.
pub(crate) enum Refusal {
    Denied(Denied),
    Busy,
}

/// What became of a newcomer.
pub(crate) enum Welcome<R> {
    Admitted(Held<R>),
    Waits(Place),
}

impl<A: Admit> State<A> {
    /// Asks the gate, all limits and the permits.
    fn check(&self, now: Timestamp, cost: A::Cost) -> Result<(), Refusal> {
        if self.permits.as_ref().is_some_and(|all| all.limit() == 0) {
            return Err(Refusal::Denied(Denied::TooLarge { max: 0 }));
        }
        check(&self.gate, &self.limits, now, cost).map_err(Refusal::Denied)?;
        match &self.permits {
            Some(permits) if permits.available() == 0 => Err(Refusal::Busy),
            _ => Ok(()),
        }
    }

    /// Asks the gate, all limits and the permits, and charges them if they all agree.
    pub(crate) fn try_admit(
        &mut self,
        now: Timestamp,
        cost: A::Cost,
    ) -> Result<Held<A::Receipt>, Refusal> {
        self.check(now, cost)?;
        let start = |permits: &mut Concurrency<_>| permits.try_start(now);
        let ticket = self.permits.as_mut().map(start).transpose();
        let ticket = ticket.map_err(|_| Refusal::Busy)?;
        Limiter::charge(&mut self.gate, now, 1);
        Ok(Held {
            receipt: self.limits.charge(now, cost),
            ticket,
            at: now,
        })
    }

    /// Admits a newcomer, if it comes before all who wait; else it takes a place in line.
    pub(crate) fn welcome(
        &mut self,
        now: Timestamp,
        priority: Priority,
        cost: A::Cost,
        waker: &Waker,
    ) -> Result<Welcome<A::Receipt>, AcquireError> {
        let place = self.line.place(now, priority);
        let first = self.line.head().is_none_or(|(head, _)| place < head);
        let answer = if first {
            self.try_admit(now, cost).map(Some)
        } else {
            self.check(now, cost).map(|()| None)
        };
        match answer {
            Ok(Some(held)) => return Ok(Welcome::Admitted(held)),
            Err(Refusal::Denied(Denied::TooLarge { max })) => {
                return Err(AcquireError::TooLarge { max });
            }
            Ok(None) | Err(_) => {}
        }
        let waiter = Waiter {
            cost,
            waker: waker.clone(),
            runtime: runtime(),
        };
        let most = self.line.most();
        let joined = self.line.join(now, priority, waiter);
        joined
            .map(Welcome::Waits)
            .map_err(|_| AcquireError::LineFull { most })
    }

    /// Whoever waits at this place is woken by this from now on.
    pub(crate) fn set_waker(&mut self, place: Place, waker: &Waker, outside: &mut Outside) {
        if let Some(waiter) = self.line.get_mut(place)
            && !waiter.waker.will_wake(waker)
        {
            let before = mem::replace(&mut waiter.waker, waker.clone());
            outside.dropped.push(before);
            waiter.runtime = runtime();
            // The timer knows the old one.
            outside.dropped.extend(self.timer.unset(place));
        }
    }

    /// Admits whoever waits at this place, if it is its turn; else sees to it that it is woken.
    pub(crate) fn take_turn(
        &mut self,
        mut now: Timestamp,
        clock: impl Fn() -> Timestamp,
        place: Place,
        cost: A::Cost,
        waker: &Waker,
        outside: &mut Outside,
    ) -> Option<Result<Held<A::Receipt>, AcquireError>> {
        if !self.is_head(place) {
            return None;
        }
        loop {
            let answer = match self.try_admit(now, cost) {
                Ok(held) => Ok(held),
                Err(Refusal::Denied(Denied::TooLarge { max })) => {
                    Err(AcquireError::TooLarge { max })
                }
                Err(Refusal::Denied(Denied::Until(at))) => {
                    let (over, timed) = self.timer.set(now, at, place, waker);
                    outside.dropped.extend(timed);
                    if !over {
                        return None;
                    }
                    now = clock();
                    continue;
                }
                Err(Refusal::Busy) => {
                    // Whoever gives a permit back wakes the head of the line.
                    outside.dropped.extend(self.timer.unset(place));
                    return None;
                }
            };
            self.leave(place, outside);
            self.hand_over(now, outside);
            return Some(answer);
        }
    }

    fn is_head(&self, place: Place) -> bool {
        self.line.head().is_some_and(|(head, _)| head == place)
    }

    fn leave(&mut self, place: Place, outside: &mut Outside) {
        let left = self.line.leave(place);
        outside.dropped.extend(left.map(|waiter| waiter.waker));
        outside.dropped.extend(self.timer.unset(place));
    }

    /// Gives up a place, and wakes who is next if it was its turn.
    pub(crate) fn give_up(&mut self, now: Timestamp, place: Place, outside: &mut Outside) {
        let was_head = self.is_head(place);
        self.leave(place, outside);
        if was_head {
            self.nudge(now, outside);
        }
    }

    /// Wakes the head of the line if it would be admitted now, or before its timer.
    ///
    /// To be called when something came back, or changed.
    pub(crate) fn nudge(&self, now: Timestamp, outside: &mut Outside) {
        let Some((place, head)) = self.line.head() else {
            return;
        };
        let waits = match self.check(now, head.cost) {
            Err(Refusal::Busy) => true,
            Err(Refusal::Denied(Denied::Until(at))) => self.timer.is_set_for(place, at),
            Ok(()) | Err(Refusal::Denied(Denied::TooLarge { .. })) => false,
        };
        if !waits {
            outside.woken = Some(head.waker.clone());
        }
    }

    /// Sees to it that the next in line is woken when it conforms, and not before.
    fn hand_over(&mut self, now: Timestamp, outside: &mut Outside) {
        let Some((place, head)) = self.line.head() else {
            return;
        };
        match self.check(now, head.cost) {
            // Whoever gives a permit back wakes it.
            Err(Refusal::Busy) => return,
            Err(Refusal::Denied(Denied::Until(at)))
                if head.runtime.is_some() && head.runtime == runtime() =>
            {
                let (over, timed) = self.timer.set(now, at, place, &head.waker);
                outside.dropped.extend(timed);
                if !over {
                    return;
                }
            }
            // It conforms, or never does, or must set a timer where it is polled.
            _ => {}
        }
        outside.woken = Some(head.waker.clone());
    }

    /// When a newcomer would be admitted at the earliest if nobody gave up; permits left aside.
    ///
    /// [`Timestamp::MAX`] if it would wait for ever; `None` if its cost can never conform.
    pub(crate) fn ready_at(
        &self,
        now: Timestamp,
        priority: Priority,
        cost: A::Cost,
    ) -> Option<Timestamp>
    where
        A: Clone,
    {
        let place = self.line.place(now, priority);
        let mut before = self.line.before(place).peekable();
        if before.peek().is_none() {
            return match check(&self.gate, &self.limits, now, cost) {
                Ok(()) => Some(now),
                Err(denied) => denied.retry_at(),
            };
        }
        let (mut gate, mut limits, mut at) = (self.gate.clone(), self.limits.clone(), now);
        for cost in before.map(|waiter| waiter.cost) {
            match check(&gate, &limits, at, cost) {
                Ok(()) => {}
                Err(Denied::Until(later)) => at = later,
                // It will be refused, and spend nothing.
                Err(Denied::TooLarge { .. }) => continue,
            }
            Limiter::charge(&mut gate, at, 1);
            limits.charge(at, cost);
        }
        match check(&gate, &limits, at, cost) {
            Ok(()) => Some(at),
            Err(denied) => denied.retry_at(),
        }
    }
}

/// The answer of the gate and of all limits.
fn check<A: Admit>(gate: &Gate, limits: &A, now: Timestamp, cost: A::Cost) -> Result<(), Denied> {
    match (Limiter::check(gate, now, 1), limits.check(now, cost)) {
        (Err(gate), Err(limits)) => Err(gate.and(limits)),
        (answer, Ok(())) | (Ok(()), answer) => answer,
    }
}

/// The runtime in which this is polled.
fn runtime() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}
