use alloc::boxed::Box;
use core::fmt;

use paceline_composite::{Admit, SettleError};
use paceline_concurrency::{Concurrency, Limit, Outcome};
use paceline_core::{Denied, Feedback, Limiter, Timestamp};

use crate::{Gate, Grant, Place, Priority, Refusal, WaitLine};

/// What a request must pass before it is sent, and the line of those who wait for it.
///
/// A request is admitted when the gate is open, all limits agree and a permit is free. All of them
/// are asked before any is charged, so a refusal changes nothing. Who is in line is served in order;
/// whoever drives this sees to it that the head asks again when it may be admitted.
///
/// # Examples
///
/// ```
/// use paceline_admission::{Admission, Gate, Priority, Refusal};
/// use paceline_concurrency::{Fixed, Outcome};
/// use paceline_core::{Quota, Timestamp};
/// use paceline_gcra::Gcra;
///
/// let gcra = Gcra::new(Quota::per_second(5));
/// let mut admission = Admission::new(gcra, 100).with_permits(Fixed::new(1));
/// let now = Timestamp::EPOCH;
/// let grant = admission.try_admit(now, 1)?;
///
/// // The only permit is in use, so the next one waits in line until it comes back.
/// assert_eq!(admission.try_admit(now, 1).err(), Some(Refusal::Busy));
/// let place = admission.join(now, Priority::default(), 1, "next").expect("there is room");
/// admission.finish(now, grant, Outcome::Success, None);
/// assert!(admission.try_admit(now, 1).is_ok());
/// admission.leave(place);
/// # Ok::<(), Refusal>(())
/// ```
pub struct Admission<A: Admit, W> {
    limits: A,
    gate: Gate,
    permits: Option<Concurrency<Box<dyn Limit + Send>>>,
    line: WaitLine<Waiter<A::Cost, W>>,
}

/// Somebody in line, and what its request costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waiter<C, W> {
    /// What it asks for.
    pub cost: C,
    /// Who it is.
    pub who: W,
}

impl<A: Admit, W> Admission<A, W> {
    /// Makes one with an open gate and without permits, for which so many may wait.
    pub const fn new(limits: A, most_waiting: usize) -> Self {
        Self {
            limits,
            gate: Gate::new(0),
            permits: None,
            line: WaitLine::new(most_waiting),
        }
    }

    /// The same with this gate, for its seed and its spacing.
    #[must_use]
    pub fn with_gate(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// The same with no more requests in flight than this policy allows.
    #[must_use]
    pub fn with_permits(self, policy: impl Limit + Send + 'static) -> Self {
        let policy: Box<dyn Limit + Send> = Box::new(policy);
        Self {
            permits: Some(Concurrency::new(policy)),
            ..self
        }
    }

    /// Asks the gate, all limits and the permits; nobody in line.
    ///
    /// # Errors
    ///
    /// The stricter refusal of gate and limits; if these agree, that no permit is free.
    pub fn check(&self, now: Timestamp, cost: A::Cost) -> Result<(), Refusal> {
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
    ///
    /// It asks nobody in line; see [`is_first`](Self::is_first).
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); nothing has changed.
    pub fn try_admit(&mut self, now: Timestamp, cost: A::Cost) -> Result<Grant<A>, Refusal> {
        self.check(now, cost)?;
        let start = |permits: &mut Concurrency<_>| permits.try_start(now);
        let ticket = self.permits.as_mut().map(start).transpose();
        let ticket = ticket.map_err(|_| Refusal::Busy)?;
        Limiter::charge(&mut self.gate, now, 1);
        Ok(Grant {
            cost,
            receipt: self.limits.charge(now, cost),
            ticket,
            at: now,
        })
    }

    /// Takes a grant back when its request has ended, and settles it with its true cost.
    ///
    /// Without an actual cost, what was charged stands.
    ///
    /// # Errors
    ///
    /// Fails if the receipt has expired; what was charged then stands. The permit is back in any
    /// case.
    pub fn finish(
        &mut self,
        now: Timestamp,
        grant: Grant<A>,
        outcome: Outcome,
        actual: Option<A::Cost>,
    ) -> Result<(), SettleError> {
        if let (Some(permits), Some(ticket)) = (&mut self.permits, grant.ticket) {
            permits.finish(ticket, now, outcome);
        }
        // Limits are told so too when it stands, lest they wait for the truth.
        let actual = actual.unwrap_or(grant.cost);
        self.limits.settle(now, grant.receipt, actual)
    }

    /// Learns from a response that arrived at `now`, to a request that was admitted at `sent_at`; says
    /// whether it closed the gate.
    ///
    /// The limits are told of every response, and the gate closes [for some](Gate::closes_for). Whoever waits has to
    /// ask again then.
    pub fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) -> bool {
        self.limits.observe(now, sent_at, feedback);
        let closes = Gate::closes_for(feedback);
        if closes {
            self.gate.close(now, sent_at, feedback.retry_after(now));
        }
        closes
    }

    /// Takes a place in line.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if the line is full.
    pub fn join(
        &mut self,
        now: Timestamp,
        priority: Priority,
        cost: A::Cost,
        who: W,
    ) -> Result<Place, W> {
        let joined = self.line.join(now, priority, Waiter { cost, who });
        joined.map_err(|waiter| waiter.who)
    }

    /// Takes a place again that was left, such as for a request that was sent and refused.
    ///
    /// # Errors
    ///
    /// As for [`WaitLine::rejoin`].
    pub fn rejoin(&mut self, place: Place, cost: A::Cost, who: W) -> Result<(), W> {
        let joined = self.line.rejoin(place, Waiter { cost, who });
        joined.map_err(|waiter| waiter.who)
    }

    /// Gives up a place in line.
    pub fn leave(&mut self, place: Place) -> Option<W> {
        self.line.leave(place).map(|waiter| waiter.who)
    }

    /// Whether nobody who waits is served before this place, such as [that of a
    /// newcomer](WaitLine::place).
    pub fn is_first(&self, place: Place) -> bool {
        let head = self.line.head();
        head.is_none_or(|(head, _)| place <= head)
    }

    /// When a request would be admitted at the earliest that took this place now, if nobody gave up,
    /// permits left aside.
    ///
    /// [`Timestamp::MAX`] if it would wait for ever; `None` if its cost can never conform. It plays
    /// through those who would be served before it, on a copy of the limits, which takes time in
    /// proportion to their number; if nobody is, it is one question.
    pub fn ready_at(&self, now: Timestamp, place: Place, cost: A::Cost) -> Option<Timestamp>
    where
        A: Clone,
    {
        let mut before = self.line.before(place).peekable();
        if before.peek().is_none() {
            return earliest(&self.gate, &self.limits, now, cost);
        }
        let (mut gate, mut limits, mut at) = (self.gate.clone(), self.limits.clone(), now);
        for waiter in before {
            // Whoever never conforms will be refused, and spend nothing.
            if let Some(served_at) = earliest(&gate, &limits, at, waiter.cost) {
                at = served_at;
                Limiter::charge(&mut gate, at, 1);
                limits.charge(at, waiter.cost);
            }
        }
        earliest(&gate, &limits, at, cost)
    }

    /// The line of those who wait.
    pub const fn line(&self) -> &WaitLine<Waiter<A::Cost, W>> {
        &self.line
    }

    /// The line, such as to change who waits at a place.
    pub const fn line_mut(&mut self) -> &mut WaitLine<Waiter<A::Cost, W>> {
        &mut self.line
    }

    /// The limits.
    pub const fn limits(&self) -> &A {
        &self.limits
    }

    /// The limits for change; whoever waits has to ask again then.
    pub const fn limits_mut(&mut self) -> &mut A {
        &mut self.limits
    }

    /// The gate.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The gate, to be closed after a refusal.
    pub const fn gate_mut(&mut self) -> &mut Gate {
        &mut self.gate
    }

    /// How many requests are in flight; 0 if permits are not counted.
    pub fn in_flight(&self) -> u32 {
        self.permits.as_ref().map_or(0, Concurrency::in_flight)
    }
}

/// The answer of the gate and of all limits.
fn check<A: Admit>(gate: &Gate, limits: &A, now: Timestamp, cost: A::Cost) -> Result<(), Denied> {
    match (Limiter::check(gate, now, 1), limits.check(now, cost)) {
        (Err(gate), Err(limits)) => Err(gate.and(limits)),
        (answer, Ok(())) | (Ok(()), answer) => answer,
    }
}

/// The first time from `now` on at which gate and limits agree; `None` if they never do.
fn earliest<A: Admit>(gate: &Gate, limits: &A, now: Timestamp, cost: A::Cost) -> Option<Timestamp> {
    match check(gate, limits, now, cost) {
        Ok(()) => Some(now),
        Err(denied) => denied.retry_at(),
    }
}

impl<A: Admit, W> fmt::Debug for Admission<A, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("gate", &self.gate)
            .field("in_flight", &self.in_flight())
            .field("waiting", &self.line.len())
            .finish_non_exhaustive()
    }
}
