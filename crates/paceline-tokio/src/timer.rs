use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Wake, Waker},
    time::Duration,
};

use paceline_admission::Place;
use paceline_core::{Clock, Timestamp};
use tokio::{
    runtime::{Handle, Id},
    task::coop::unconstrained,
    time::{Instant, Sleep, sleep_until},
};

/// The one timer of a throttle, which wakes whoever is next.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    /// A sleep belongs to the runtime in which it was made.
    sleep: Option<(Id, Pin<Box<Sleep>>)>,
    relay: Arc<Relay>,
    /// For whom it was set last, and for when.
    set_for: Option<(Place, Timestamp)>,
}

/// Passes a wake-up on to whoever is next.
///
/// The sleep only ever knows this, so that no waker of a task is dropped where a sleep is changed,
/// which is under a lock, and none is kept beyond its wait.
#[derive(Debug, Default)]
struct Relay(Mutex<Option<Waker>>);

impl Relay {
    fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, waker)
    }

    /// Whether it has not passed its wake-up on.
    fn waits(&self) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some()
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        if let Some(waker) = self.replace(None) {
            waker.wake();
        }
    }
}

impl Timer {
    /// Sees to it that `waker` is woken when this clock, which shows `now`, shows `at`; says whether that is
    /// over already.
    ///
    /// Whoever was to be woken before is not woken any more: its waker comes back, to be dropped
    /// outside the lock.
    ///
    /// # Panics
    ///
    /// Panics outside a runtime, and in one without timers.
    pub(crate) fn set(
        &mut self,
        clock: &dyn Clock,
        now: Timestamp,
        at: Timestamp,
        place: Place,
        waker: &Waker,
    ) -> (bool, Option<Waker>) {
        /// Tokio's timers reach no further than about two years; a sleeper then asks again.
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);

        let pause = clock.in_real_time(at.saturating_duration_since(now));
        let deadline = Instant::now() + pause.min(LONGEST);
        let runtime = Handle::current().id();
        let sleep = match &mut self.sleep {
            Some((id, sleep)) if *id == runtime => {
                sleep.as_mut().reset(deadline);
                sleep
            }
            other => &mut other.insert((runtime, Box::pin(sleep_until(deadline)))).1,
        };
        let before = self.relay.replace(Some(waker.clone()));
        let relay = Waker::from(Arc::clone(&self.relay));
        // A task that has used up its share of time may set a timer all the same.
        let sleep = pin!(unconstrained(sleep.as_mut()));
        let over = sleep.poll(&mut Context::from_waker(&relay)).is_ready();
        self.set_for = (!over).then_some((place, at));
        (over, before)
    }

    /// Whether it will wake this place at `at`, or before.
    pub(crate) fn is_set_for(&self, place: Place, at: Timestamp) -> bool {
        let set = self
            .set_for
            .is_some_and(|(of, due)| of == place && due <= at);
        set && self.relay.waits()
    }

    /// Wakes this place no more; its waker comes back, to be dropped outside the lock.
    #[must_use]
    pub(crate) fn unset(&mut self, place: Place) -> Option<Waker> {
        self.set_for.take_if(|(of, _)| *of == place)?;
        self.relay.replace(None)
    }
}
