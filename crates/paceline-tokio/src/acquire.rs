use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use paceline_admission::{Place, Priority};
use paceline_composite::Admit;
use paceline_core::Timestamp;
use tokio::task::coop::poll_proceed;

use crate::{
    AcquireError, AcquireWithin, Admitted, Throttle, observe,
    outside::Outside,
    state::{State, Welcome},
};

/// A request that waits to be admitted.
///
/// It takes its place in line when it is first polled. Dropping it gives the place up: nothing is
/// spent and nobody is delayed. While it is neither polled nor dropped it keeps its place, and may
/// hold up those behind it.
///
/// # Errors
///
/// Resolves to an error if its cost can never conform, or if as many wait as may: at once, unless
/// limits change while it waits.
///
/// # Panics
///
/// Panics if it has to wait outside a tokio runtime, or in one without timers.
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<A: Admit> {
    throttle: Throttle<A>,
    cost: A::Cost,
    priority: Priority,
    /// The place in line that it had before.
    former: Option<Place>,
    /// Its place in line, while it waits.
    place: Option<Place>,
    wait: observe::Wait,
}

impl<A: Admit> Acquire<A> {
    pub(crate) fn new(throttle: Throttle<A>, cost: A::Cost) -> Self {
        Self {
            throttle,
            cost,
            priority: Priority::default(),
            former: None,
            place: None,
            wait: observe::Wait::default(),
        }
    }

    /// Waits with this priority; interactive, unless stated.
    ///
    /// It counts from the first poll, before which it must be set.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Waits for a stated time at most, as [`Throttle::acquire_within`] does.
    pub const fn within(self, within: Duration) -> AcquireWithin<A>
    where
        A: Clone,
    {
        AcquireWithin::new(self, within)
    }

    /// Waits in the place that this request had before, and so before all who came later.
    ///
    /// For a request that the server refused, and that has waited once already; see
    /// [`Admitted::place`].
    pub fn with_place(mut self, place: Place) -> Self {
        self.former = Some(place);
        self
    }

    /// Polls; before it takes a place it asks `refuse` whether it may.
    pub(crate) fn poll_unless(
        &mut self,
        cx: &mut Context<'_>,
        refuse: impl FnOnce(&State<A>, Timestamp, Place, A::Cost) -> Result<(), AcquireError>,
    ) -> Poll<<Self as Future>::Output> {
        // Whoever is always admitted at once must let others run all the same.
        let coop = ready!(poll_proceed(cx));
        let (waker, cost, waited) = (cx.waker(), self.cost, self.place.is_some());
        let mut outside = Outside::default();
        let (mut state, now) = self.throttle.lock();
        let welcome = match self.place {
            Some(place) => {
                state.set_waker(place, waker, &mut outside);
                Ok((place, Welcome::Waits))
            }
            None => {
                let place = state.place(now, self.priority, self.former);
                refuse(&state, now, place, cost)
                    .and_then(|()| state.welcome(now, self.priority, self.former, cost, waker))
            }
        };
        let clock = self.throttle.clock();
        let answer = match welcome {
            Ok((place, Welcome::Waits)) => {
                self.place = Some(place);
                let turn = state.take_turn(now, clock, place, cost, waker, &mut outside);
                turn.map(|grant| grant.map(|grant| (place, grant)))
            }
            Ok((place, Welcome::Admitted(grant))) => Some(Ok((place, grant))),
            Err(error) => Some(Err(error)),
        };
        drop(state);
        let admit = |(place, grant)| Admitted::new(self.throttle.clone(), place, grant);
        let answer = answer.map(|answer| answer.map(admit));
        outside.wake();
        let Some(answer) = answer else {
            if !waited {
                self.wait.begin();
            }
            return Poll::Pending;
        };
        coop.made_progress();
        self.place = None;
        self.wait.end();
        if answer.is_ok() {
            observe::admitted();
        }
        Poll::Ready(answer)
    }

    /// How long so long takes by the clock of its throttle.
    pub(crate) fn in_real_time(&self, span: Duration) -> Duration {
        self.throttle.clock().in_real_time(span)
    }

    /// Whether it has a place in line.
    pub(crate) const fn waits(&self) -> bool {
        self.place.is_some()
    }

    /// Gives its place up; says whether it had one.
    pub(crate) fn give_up(&mut self) -> bool {
        let Some(place) = self.place.take() else {
            return false;
        };
        let mut outside = Outside::default();
        let (mut state, now) = self.throttle.lock();
        state.give_up(now, place, &mut outside);
        drop(state);
        outside.wake();
        self.wait.end();
        true
    }
}

/// Nothing in it is pinned.
impl<A: Admit> Unpin for Acquire<A> {}

impl<A: Admit> Future for Acquire<A> {
    type Output = Result<Admitted<A>, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().poll_unless(cx, |_, _, _, _| Ok(()))
    }
}

impl<A: Admit> Drop for Acquire<A> {
    fn drop(&mut self) {
        if self.give_up() {
            observe::cancelled();
        }
    }
}

impl<A: Admit> fmt::Debug for Acquire<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Acquire");
        debug.field("place", &self.place).finish_non_exhaustive()
    }
}
