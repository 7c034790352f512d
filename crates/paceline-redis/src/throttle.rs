use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use paceline_admission::{Gate, Priority};
use paceline_concurrency::{Outcome, Ticket};
use paceline_core::{Demand, Denied, Feedback, Timestamp};
use tokio::sync::Semaphore;

use crate::{
    Acquire, Admitted, Builder, Counts, LimitError, Outage, SharedLimit, Store, TryAcquireError,
    counters::Counters, decide::Answer, lease::Lease, line::Line, memory::Memory, plan::Plan,
    reporter, seat::Seat,
};

/// Limits that tasks of many processes wait for.
///
/// It is used as [`paceline_tokio::Throttle`] is: [`acquire`](Self::acquire), send, say what became of it. One
/// question to the store decides about all limits of a request, and charges all of them or none, by the
/// server's clock. Clones share everything, and all throttles with the same salt, scope and limits share what is
/// used of them, wherever they are.
///
/// - *Fair within a process.* Nobody is passed by later requests of its priority. Among processes, whoever asks
///   first when cells have replenished gets them; lots of up to a millisecond see to it that this is not always the same.
/// - *Frugal.* While nobody waits, questions are pipelined. Once a request was denied, only the head of the line
///   asks, when the store said that it may be granted.
/// - *Cancel-safe.* Dropping a future gives up its place; what was granted to it meanwhile is given back.
///
/// # Examples
///
/// ```no_run
/// use paceline_core::{Demand, Dimension, Quota};
/// use paceline_redis::{Outage, Salt, SharedLimit, SharedThrottle, Store};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::open("redis://localhost", Salt::new(b"of this deployment")?)?;
/// let limits = [
///     SharedLimit::gcra(Dimension::Requests, Quota::per_minute(500)),
///     SharedLimit::gcra(Dimension::Tokens, Quota::per_minute(200_000)),
/// ];
/// let outage = Outage::LocalShare { processes: 4.try_into()? };
/// let throttle = SharedThrottle::new(&store, "the key's label", limits, outage)?;
///
/// let admitted = throttle.acquire(Demand::request(1_200, 4_000)).await?;
/// // ... send the request, and then:
/// admitted.settle(Demand::request(1_180, 350))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedThrottle(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) plans: Vec<Plan>,
    /// What each dimension can admit at once at most.
    pub(crate) limits: Vec<SharedLimit>,
    pub(crate) pause_key: String,
    pub(crate) outage: Outage,
    pub(crate) hold_us: u64,
    pub(crate) line: Mutex<Line>,
    pub(crate) memory: Mutex<Memory>,
    pub(crate) lease: Option<Lease>,
    pub(crate) counters: Counters,
    /// One slot for each that is being given back.
    pub(crate) giving_back: Arc<Semaphore>,
    pub(crate) reports: AtomicBool,
}

impl SharedThrottle {
    /// Makes a throttle without permits, for which 10,000 may wait in this process.
    ///
    /// `scope` says whose limits they are, such as a label of an API key, or the key itself: the store sees a keyed
    /// hash of it.
    ///
    /// # Errors
    ///
    /// Fails if a limit cannot be counted in the store, or two are the same but for their numbers.
    pub fn new(
        store: &Store,
        scope: &str,
        limits: impl IntoIterator<Item = SharedLimit>,
        outage: Outage,
    ) -> Result<Self, LimitError> {
        Self::builder(store, scope, limits, outage).build()
    }

    /// Starts to make a throttle; see [`new`](Self::new).
    pub fn builder(
        store: &Store,
        scope: &str,
        limits: impl IntoIterator<Item = SharedLimit>,
        outage: Outage,
    ) -> Builder {
        Builder::new(store, scope, limits.into_iter().collect(), outage)
    }

    /// Waits until `cost` is admitted.
    ///
    /// See [`Acquire`] for errors and priorities.
    pub fn acquire(&self, cost: Demand) -> Acquire {
        Acquire::new(self.clone(), cost)
    }

    /// Waits until `cost` is admitted, but no longer than this: see [`Acquire::within`].
    pub fn acquire_within(&self, cost: Demand, within: Duration) -> Acquire {
        self.acquire(cost).within(within)
    }

    /// Admits `cost` now or not at all. Nobody of this process who waits is passed.
    ///
    /// # Errors
    ///
    /// Says whether a limit denies, others wait, permits are all in use, or the store did not decide.
    pub async fn try_acquire(&self, cost: Demand) -> Result<Admitted, TryAcquireError> {
        if let Some(max) = self.0.beyond(cost) {
            return Err(TryAcquireError::Denied(Denied::TooLarge { max }));
        }
        if let Some(admitted) = self.0.admit_leased(cost, Priority::default()) {
            return Ok(admitted);
        }
        let seat = Seat::try_take(&self.0, cost)?;
        let place = seat.place();
        reporter::start(&self.0);
        match self.0.decide(cost).await {
            Answer::Granted(charge) => {
                let ticket = seat.granted(charge.again_at());
                Ok(Admitted::new(charge, ticket, place))
            }
            Answer::Denied { until, .. } => Err(TryAcquireError::Denied(Denied::Until(until))),
            Answer::Unavailable(why) => Err(TryAcquireError::StoreUnavailable(why)),
        }
    }

    /// Closes the gate of this process after a refusal such as a 429, and pauses all other processes for as long as
    /// the server said, an hour at most.
    ///
    /// `sent_at` is when the refused request was sent; [`Admitted::refused`] knows it. See [`Gate`] for how it opens
    /// again.
    pub fn close(&self, sent_at: Timestamp, retry_after: Option<Duration>) {
        let (mut line, now) = self.0.line();
        line.gate.close(now, sent_at, retry_after);
        drop(line);
        if let Some(pause) = retry_after {
            self.0.pause_all(pause);
        }
    }

    /// Learns from a response: what a limit of the server refused closes the gate, as
    /// [`close`](Self::close) does; see [`Gate::closes_for`].
    pub fn observe(&self, sent_at: Timestamp, feedback: &Feedback) {
        if Gate::closes_for(feedback) {
            self.close(sent_at, feedback.retry_after(self.now()));
        }
    }

    /// How many wait in this process.
    pub fn waiting(&self) -> usize {
        self.0.line().0.waiting()
    }

    /// How many requests of this process are in flight; 0 if permits are not counted.
    pub fn in_flight(&self) -> u32 {
        self.0.line().0.in_flight()
    }

    /// What this process's clock shows. It decides nothing that is shared.
    pub fn now(&self) -> Timestamp {
        self.0.store.now()
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.0.counters.read()
    }
}

impl Shared {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most that a limit ever admits, if it is less than the demand costs there.
    pub(crate) fn beyond(&self, demand: Demand) -> Option<u64> {
        let beyond = |limit: &&SharedLimit| limit.dimension.cost(demand) > limit.most();
        self.limits.iter().find(beyond).map(SharedLimit::most)
    }

    /// Whether this is the first to ask.
    pub(crate) fn begins_to_report(&self) -> bool {
        !self.reports.swap(true, Ordering::Relaxed)
    }

    /// A request has ended: its permit comes back, if it had one.
    pub(crate) fn finish(&self, ticket: Option<Ticket>, outcome: Outcome) {
        if ticket.is_some() {
            let (mut line, now) = self.line();
            line.finish(ticket, now, outcome);
        }
    }
}

impl fmt::Debug for SharedThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SharedThrottle");
        debug.field("outage", &self.0.outage);
        debug
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
