use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_composite::Admit;
use paceline_core::Timestamp;
use tokio::time::{Sleep, sleep};

use crate::{Acquire, AcquireError, Admitted, observe, state::State};

/// A request that waits to be admitted, but not for longer than stated.
///
/// Its time counts from its first poll, at which it is refused if those who wait before it, and what
/// the limits lack, take longer. A refusal changes nothing. What cannot be foreseen - permits that
/// stay in use, urgent requests that arrive later - ends the wait at the deadline. As timers have a
/// resolution of 1 ms, it may be admitted late by that much.
///
/// # Errors
///
/// As for [`Acquire`], and [`AcquireError::NotInTime`].
///
/// # Panics
///
/// As for [`Acquire`].
#[must_use = "futures do nothing unless polled"]
pub struct AcquireWithin<A: Admit> {
    acquire: Acquire<A>,
    within: Duration,
    /// Goes off at the deadline; there only if it waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<A: Admit> AcquireWithin<A> {
    pub(crate) const fn new(acquire: Acquire<A>, within: Duration) -> Self {
        Self {
            acquire,
            within,
            deadline: None,
        }
    }

    /// Waits with this priority; interactive, unless stated.
    ///
    /// It counts from the first poll, before which it must be set.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.acquire = self.acquire.with_priority(priority);
        self
    }
}

impl<A: Admit + Clone> Future for AcquireWithin<A> {
    type Output = Result<Admitted<A>, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let within = this.within;
        let refuse = |state: &State<A>, now: Timestamp, place, cost| {
            // What never conforms is refused anyway, with a better reason.
            let ready_at = state.admission.ready_at(now, place, cost);
            let ready_at = ready_at.unwrap_or(now);
            if ready_at <= now.saturating_add(within) {
                return Ok(());
            }
            Err(AcquireError::NotInTime {
                ready_at: Some(ready_at).filter(|&at| at < Timestamp::MAX),
            })
        };
        if let Poll::Ready(answer) = this.acquire.poll_unless(cx, refuse) {
            if let Err(AcquireError::NotInTime { .. }) = answer {
                observe::not_in_time();
            }
            return Poll::Ready(answer);
        }
        if !this.acquire.waits() {
            return Poll::Pending;
        }
        let deadline = this.deadline.get_or_insert_with(|| {
            let within = this.acquire.in_real_time(within);
            Box::pin(sleep(within))
        });
        ready!(deadline.as_mut().poll(cx));
        this.acquire.give_up();
        observe::not_in_time();
        Poll::Ready(Err(AcquireError::NotInTime { ready_at: None }))
    }
}

impl<A: Admit> fmt::Debug for AcquireWithin<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AcquireWithin");
        debug.field("acquire", &self.acquire);
        debug.field("within", &self.within).finish_non_exhaustive()
    }
}
