use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use paceline_admission::{Place, Priority};
use paceline_composite::Admit;
use paceline_core::Denied;

use crate::{
    AcquireError, Admitted, Throttle, observe,
    state::{Held, Refusal, Waiter},
    throttle::wake,
};

/// A request that waits to be admitted.
///
/// It takes its place in line when it is first polled. Dropping it gives the place up: nothing is
/// spent and nobody is delayed.
///
/// # Errors
///
/// Resolves to an error at once if its cost can never conform, or if as many wait as may.
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<A: Admit> {
    throttle: Throttle<A>,
    cost: A::Cost,
    priority: Priority,
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

    fn leave(
        &mut self,
        answer: Result<Held<A::Receipt>, AcquireError>,
    ) -> <Self as Future>::Output {
        self.place = None;
        match answer {
            Ok(held) => {
                observe::admitted();
                Ok(Admitted::new(self.throttle.clone(), held))
            }
            Err(error) => Err(error),
        }
    }
}

/// Nothing in it is pinned.
impl<A: Admit> Unpin for Acquire<A> {}

impl<A: Admit> Future for Acquire<A> {
    type Output = Result<Admitted<A>, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let throttle = this.throttle.clone();
        let (mut state, mut now) = throttle.lock();
        // Dropped last, and so outside the lock: a waker may run anything then.
        let mut replaced = None;
        let place = match this.place {
            Some(place) => {
                if let Some(waiter) = state.line.get_mut(place)
                    && !waiter.waker.will_wake(cx.waker())
                {
                    replaced = Some(mem::replace(&mut waiter.waker, cx.waker().clone()));
                }
                place
            }
            None => {
                if state.would_be_first(now, this.priority) {
                    match state.try_admit(now, this.cost) {
                        Ok(held) => {
                            drop(state);
                            return Poll::Ready(this.leave(Ok(held)));
                        }
                        Err(Refusal::Denied(Denied::TooLarge { max })) => {
                            return Poll::Ready(Err(AcquireError::TooLarge { max }));
                        }
                        Err(_) => {}
                    }
                } else if let Err(Denied::TooLarge { max }) = state.limits.check(now, this.cost) {
                    return Poll::Ready(Err(AcquireError::TooLarge { max }));
                }
                let waiter = Waiter {
                    cost: this.cost,
                    waker: cx.waker().clone(),
                };
                let Ok(place) = state.line.join(now, this.priority, waiter) else {
                    let most = state.line.most();
                    return Poll::Ready(Err(AcquireError::LineFull { most }));
                };
                this.wait.begin();
                this.place = Some(place);
                place
            }
        };
        if !state.is_head(place) {
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        let answer = loop {
            match state.try_admit(now, this.cost) {
                Ok(held) => break Ok(held),
                Err(Refusal::Denied(Denied::TooLarge { max })) => {
                    break Err(AcquireError::TooLarge { max });
                }
                // Whoever gives a permit back wakes the head of the line.
                Err(Refusal::Busy) => return Poll::Pending,
                Err(Refusal::Denied(Denied::Until(at))) => {
                    let pause = at.saturating_duration_since(now);
                    if !state.timer.wake_after(pause, cx.waker()) {
                        return Poll::Pending;
                    }
                    now = this.throttle.now();
                }
            }
        };
        let left = state.line.leave(place);
        let next = state.hand_over(now);
        drop(state);
        drop((left, replaced));
        wake(next);
        this.wait.end();
        Poll::Ready(this.leave(answer))
    }
}

impl<A: Admit> Drop for Acquire<A> {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        observe::cancelled();
        let (mut state, _) = self.throttle.lock();
        // The timer may have been set for this one, so the next one has to set it again.
        let was_head = state.is_head(place);
        let left = state.line.leave(place);
        let next = state.head_waker().filter(|_| was_head);
        drop(state);
        drop(left);
        wake(next);
    }
}

impl<A: Admit> fmt::Debug for Acquire<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Acquire");
        debug.field("place", &self.place).finish_non_exhaustive()
    }
}
