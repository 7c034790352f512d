use std::{fmt, future::Future, pin::Pin, time::Duration};

use paceline_admission::{Place, Priority};
use paceline_core::{Demand, Timestamp};
use tokio::time::{sleep, timeout};

use crate::{
    AcquireError, Admitted, SharedThrottle, decide::Answer, line::Turn, reporter, seat::Seat,
};

/// A request that waits to be admitted, once it is awaited.
///
/// It takes its place in line when it is first polled. Dropping its future gives the place up: nobody is delayed,
/// and what the store granted meanwhile is given back.
///
/// # Errors
///
/// Resolves to an error if its cost can never conform or as many wait as may, at once; and if neither the
/// store nor the outage policy decides. That is never confused with being limited.
///
/// # Panics
///
/// Panics outside a tokio runtime, or in one without timers.
#[must_use = "it does nothing unless awaited"]
pub struct Acquire {
    throttle: SharedThrottle,
    cost: Demand,
    priority: Priority,
    former: Option<Place>,
    within: Option<Duration>,
}

impl Acquire {
    pub(crate) fn new(throttle: SharedThrottle, cost: Demand) -> Self {
        Self {
            throttle,
            cost,
            priority: Priority::default(),
            former: None,
            within: None,
        }
    }

    /// Waits with this priority among those of this process; interactive, unless stated.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Waits in the place that this request had before, and so before all of this process who came later.
    ///
    /// For a request that the server refused; see [`Admitted::place`].
    pub fn with_place(mut self, place: Place) -> Self {
        self.former = Some(place);
        self
    }

    /// Waits for a stated time at most, counted from the first poll.
    ///
    /// As soon as the store says that the head of the line has to wait longer, it is refused. A question that is
    /// under way at the deadline is waited for, which takes no longer than the store's timeout.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    async fn run(self) -> Result<Admitted, AcquireError> {
        let shared = &self.throttle.0;
        if let Some(max) = shared.beyond(self.cost) {
            return Err(AcquireError::TooLarge { max });
        }
        let begin = shared.store.now();
        let deadline = self.within.map(|within| begin.saturating_add(within));
        if let Some(admitted) = shared.admit_leased(self.cost, self.priority) {
            // Whoever is always admitted at once must let others run all the same.
            tokio::task::coop::consume_budget().await;
            return Ok(admitted);
        }
        reporter::start(shared);
        let (mut seat, mut turn) = Seat::take(shared, self.cost, self.priority, self.former)?;
        loop {
            match turn {
                Turn::Ask => match shared.decide(self.cost).await {
                    Answer::Granted(charge) => {
                        let place = seat.place();
                        let ticket = seat.granted(charge.again_at());
                        return Ok(Admitted::new(charge, ticket, place));
                    }
                    Answer::Denied { until, ask_at } => {
                        in_time(until, deadline)?;
                        seat.denied_until(ask_at);
                    }
                    Answer::Unavailable(why) => return Err(AcquireError::StoreUnavailable(why)),
                },
                Turn::Never => return Err(AcquireError::TooLarge { max: 0 }),
                Turn::Until(at) => {
                    in_time(at, deadline)?;
                    let wait = at.saturating_duration_since(shared.store.now());
                    let wait = wait.saturating_add(shared.lot(wait));
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = seat.woken() => {}
                    }
                }
                Turn::Wait => match deadline {
                    None => seat.woken().await,
                    Some(deadline) => {
                        let left = deadline.saturating_duration_since(shared.store.now());
                        if timeout(left, seat.woken()).await.is_err() {
                            return Err(AcquireError::NotInTime { ready_at: None });
                        }
                    }
                },
            }
            turn = seat.turn();
        }
    }
}

/// Refuses what would be admitted after the deadline.
fn in_time(at: Timestamp, deadline: Option<Timestamp>) -> Result<(), AcquireError> {
    match deadline {
        Some(deadline) if at > deadline => Err(AcquireError::NotInTime {
            ready_at: Some(at).filter(|&at| at < Timestamp::MAX),
        }),
        _ => Ok(()),
    }
}

impl IntoFuture for Acquire {
    type Output = Result<Admitted, AcquireError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Acquire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Acquire");
        debug.field("cost", &self.cost).finish_non_exhaustive()
    }
}
