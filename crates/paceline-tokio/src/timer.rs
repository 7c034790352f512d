use std::{
    future::Future,
    pin::Pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Handle, Id},
    time::{Instant, Sleep, sleep_until},
};

/// The one timer of a throttle, which wakes whoever is next.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    /// A sleep belongs to the runtime in which it was made.
    sleep: Option<(Id, Pin<Box<Sleep>>)>,
}

impl Timer {
    /// Sees to it that `waker` is woken once `pause` is over; says whether it is over already.
    ///
    /// Whoever was to be woken before is not woken any more.
    pub(crate) fn wake_after(&mut self, pause: Duration, waker: &Waker) -> bool {
        /// Tokio's timers reach no further than about two years; a sleeper then asks again.
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);

        let deadline = Instant::now() + pause.min(LONGEST);
        let runtime = Handle::current().id();
        let sleep = match &mut self.sleep {
            Some((id, sleep)) if *id == runtime => {
                sleep.as_mut().reset(deadline);
                sleep
            }
            other => &mut other.insert((runtime, Box::pin(sleep_until(deadline)))).1,
        };
        let mut context = Context::from_waker(waker);
        sleep.as_mut().poll(&mut context).is_ready()
    }
}
