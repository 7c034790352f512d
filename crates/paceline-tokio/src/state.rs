use std::task::Waker;

use paceline_admission::{Gate, Place, Priority, WaitLine};
use paceline_composite::Admit;
use paceline_concurrency::{Concurrency, Limit, Ticket};
use paceline_core::{Denied, Limiter, Timestamp};

use crate::timer::Timer;

/// What tasks wait for, and who waits.
pub(crate) struct State<A: Admit> {
    pub(crate) limits: A,
    pub(crate) gate: Gate,
    pub(crate) permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    pub(crate) line: WaitLine<Waiter<A::Cost>>,
    pub(crate) timer: Timer,
}

#[derive(Debug)]
pub(crate) struct Waiter<C> {
    pub(crate) cost: C,
    pub(crate) waker: Waker,
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

impl<A: Admit> State<A> {
    /// Asks the gate, all limits and the permits, and charges them if they all agree.
    pub(crate) fn try_admit(
        &mut self,
        now: Timestamp,
        cost: A::Cost,
    ) -> Result<Held<A::Receipt>, Refusal> {
        check(&self.gate, &self.limits, now, cost).map_err(Refusal::Denied)?;
        let ticket = match &mut self.permits {
            None => None,
            Some(permits) if permits.limit() == 0 => {
                return Err(Refusal::Denied(Denied::TooLarge { max: 0 }));
            }
            Some(permits) => Some(permits.try_start(now).map_err(|_| Refusal::Busy)?),
        };
        Limiter::charge(&mut self.gate, now, 1);
        Ok(Held {
            receipt: self.limits.charge(now, cost),
            ticket,
            at: now,
        })
    }

    /// Whether a newcomer would be served before everybody who waits.
    pub(crate) fn would_be_first(&self, now: Timestamp, priority: Priority) -> bool {
        let head = self.line.head();
        head.is_none_or(|(place, _)| self.line.place(now, priority) < place)
    }

    /// Whether it is this one's turn.
    pub(crate) fn is_head(&self, place: Place) -> bool {
        self.line.head().is_some_and(|(head, _)| head == place)
    }

    /// Whom to wake so that it asks again: the one whose turn it is.
    #[must_use]
    pub(crate) fn head_waker(&self) -> Option<Waker> {
        self.line.head().map(|(_, head)| head.waker.clone())
    }

    /// Sees to it that the next in line is woken when it conforms, and says whom to wake now.
    ///
    /// It must run inside a runtime.
    #[must_use]
    pub(crate) fn hand_over(&mut self, now: Timestamp) -> Option<Waker> {
        let (_, head) = self.line.head()?;
        let Err(Denied::Until(at)) = check(&self.gate, &self.limits, now, head.cost) else {
            return Some(head.waker.clone());
        };
        let pause = at.saturating_duration_since(now);
        let over = self.timer.wake_after(pause, &head.waker);
        over.then(|| head.waker.clone())
    }

    /// When a newcomer would be admitted at the earliest if nobody gave up; permits left aside.
    ///
    /// `None` if never.
    pub(crate) fn ready_at(
        &self,
        now: Timestamp,
        priority: Priority,
        cost: A::Cost,
    ) -> Option<Timestamp>
    where
        A: Clone,
    {
        let (mut gate, mut limits, mut at) = (self.gate.clone(), self.limits.clone(), now);
        let place = self.line.place(now, priority);
        let before = self.line.before(place).map(|waiter| waiter.cost);
        for cost in before.chain([cost]) {
            loop {
                match check(&gate, &limits, at, cost) {
                    Ok(()) => break,
                    Err(Denied::Until(Timestamp::MAX) | Denied::TooLarge { .. }) => return None,
                    Err(Denied::Until(later)) => at = later,
                }
            }
            Limiter::charge(&mut gate, at, 1);
            limits.charge(at, cost);
        }
        Some(at)
    }
}

/// The answer of the gate and of all limits.
fn check<A: Admit>(gate: &Gate, limits: &A, now: Timestamp, cost: A::Cost) -> Result<(), Denied> {
    match (Limiter::check(gate, now, 1), limits.check(now, cost)) {
        (Err(gate), Err(limits)) => Err(gate.and(limits)),
        (answer, Ok(())) | (Ok(()), answer) => answer,
    }
}
