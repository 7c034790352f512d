use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use paceline_admission::{Gate, Priority};
use paceline_concurrency::{Concurrency, Limit, Outcome};
use paceline_core::{Class, Demand, Denied, Feedback, Timestamp};
use tokio::sync::Semaphore;

use crate::{
    Acquire, Admitted, Counts, LimitError, Outage, SharedLimit, Store, TryAcquireError,
    counters::Counters,
    decide::Answer,
    lease::Lease,
    line::{Line, Seat, Turn},
    memory::Memory,
    plan::Plan,
    reporter,
    scope::Names,
};

/// Limits that tasks of many processes wait for.
///
/// It is used as [`paceline_tokio::Throttle`] is: [`acquire`](Self::acquire), send, say what became of it. One
/// question to the store decides about all limits of a request, and charges all of them or none, by the
/// server's clock. Clones share everything, and all throttles with the same salt, scope and limits share what is
/// used of them, wherever they are.
///
/// - *Fair within a process.* Nobody is passed by later requests of its priority. Among processes, whoever asks
///   first when cells have replenished gets them.
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
    limits: Vec<SharedLimit>,
    pub(crate) pause_key: String,
    pub(crate) outage: Outage,
    pub(crate) hold_us: u64,
    pub(crate) line: Mutex<Line>,
    memory: Mutex<Memory>,
    pub(crate) lease: Option<Lease>,
    pub(crate) counters: Counters,
    /// One slot for each that is being given back.
    pub(crate) giving_back: Arc<Semaphore>,
    reports: AtomicBool,
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
        Builder {
            store: store.clone(),
            names: Names::new(store.salt(), scope),
            limits: limits.into_iter().collect(),
            outage,
            permits: None,
            gate: Gate::new(RandomState::new().hash_one(())),
            max_waiting: 10_000,
            hold: Duration::from_secs(2),
            lease: None,
        }
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
        let behind = |waiting| TryAcquireError::Behind { waiting };
        let waiting = self.waiting();
        if waiting > 0 {
            return Err(behind(waiting));
        }
        let mut seat = Seat::take(&self.0, cost, Priority::default(), None)
            .map_err(|_| behind(self.0.line().0.waiting()))?;
        let place = seat.place();
        match seat.turn() {
            Turn::Ask(_) => {}
            Turn::Until(at) => return Err(TryAcquireError::Denied(Denied::Until(at))),
            Turn::Wait if self.waiting() > 1 => return Err(behind(self.waiting() - 1)),
            Turn::Wait => return Err(TryAcquireError::Busy),
            Turn::Never => return Err(TryAcquireError::Denied(Denied::TooLarge { max: 0 })),
        }
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
    /// [`close`](Self::close) does.
    ///
    /// Which responses do is said at [`paceline_admission::Admission::observe`].
    pub fn observe(&self, sent_at: Timestamp, feedback: &Feedback) {
        let closes = match feedback.class {
            Class::Pace | Class::Quota => true,
            Class::Overload => feedback.hint.is_some(),
            _ => false,
        };
        if closes {
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

    /// A request has ended: its permit comes back.
    pub(crate) fn finish(&self, ticket: Option<paceline_concurrency::Ticket>, outcome: Outcome) {
        let (mut line, now) = self.line();
        line.finish(ticket, now, outcome);
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

/// Makes a [`SharedThrottle`].
pub struct Builder {
    store: Store,
    names: Names,
    limits: Vec<SharedLimit>,
    outage: Outage,
    permits: Option<Box<dyn Limit + Send>>,
    gate: Gate,
    max_waiting: usize,
    hold: Duration,
    lease: Option<(u64, Duration)>,
}

impl Builder {
    /// Counts this process's requests in flight, and admits no more than this policy allows.
    #[must_use]
    pub fn concurrency(mut self, policy: impl Limit + Send + 'static) -> Self {
        self.permits = Some(Box::new(policy));
        self
    }

    /// Takes a gate with another spacing, or a known seed; unless stated, the seed is random.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Lets at most so many wait in this process; the next one is refused. 10,000, unless stated.
    #[must_use]
    pub const fn max_waiting(mut self, most: usize) -> Self {
        self.max_waiting = most;
        self
    }

    /// How long a quota grants nothing when the store has no state of it: 2 s, unless stated; an hour at most.
    ///
    /// In that time processes tell what they know was used, four times, in case the state was lost. All processes
    /// should state the same.
    #[must_use]
    pub const fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Takes up to `size` requests from the store at once, and hands them out in this process for up to `expiry`, from a
    /// millisecond to a minute.
    ///
    /// For keys that are so hot that the way to the store matters. Fewer are taken if `size` do not replenish within
    /// `expiry`. Half of them are fetched before the others are used up, and what is left at the end is given back. A
    /// request that is cancelled is spent.
    ///
    /// The store grants within the limit, but a grant is used up to `expiry` later: in any time `t` at most
    /// `burst + limit * (t + expiry) / period` are used, and no more than `size` for each process beyond what the limit
    /// allows. A process that dies wastes `size` at most.
    ///
    /// Only for GCRAs on requests whose burst is at least twice `size`: in a window the rest of a lease would be used in
    /// the wrong one, and of tokens nobody knows how many the next request needs.
    #[must_use]
    pub const fn lease(mut self, size: u64, expiry: Duration) -> Self {
        self.lease = Some((size, expiry));
        self
    }

    /// Makes it; does not connect yet.
    ///
    /// # Errors
    ///
    /// As for [`SharedThrottle::new`], and if the limits cannot be leased.
    pub fn build(self) -> Result<SharedThrottle, LimitError> {
        let identities: Vec<String> = self.limits.iter().map(SharedLimit::identity).collect();
        for (place, (limit, identity)) in self.limits.iter().zip(&identities).enumerate() {
            limit.validate()?;
            if identities[..place].contains(identity) {
                return Err(LimitError::Twice);
            }
        }
        let numbered = self.limits.iter().zip(&identities).zip(1..);
        let plans = numbered.filter_map(|((limit, identity), place)| {
            Plan::new(limit, place, self.names.of(identity))
        });
        let plans: Vec<Plan> = plans.collect();
        let lease = match self.lease {
            None => None,
            Some((size, expiry)) => {
                Some(Lease::new(size, expiry, &plans).ok_or(LimitError::Lease)?)
            }
        };
        let hour = Duration::from_secs(3_600);
        Ok(SharedThrottle(Arc::new(Shared {
            memory: Mutex::new(Memory::new(&self.limits, &plans, self.outage)),
            store: self.store,
            plans,
            limits: self.limits,
            pause_key: self.names.of("pause"),
            outage: self.outage,
            hold_us: u64::try_from(self.hold.min(hour).as_micros()).unwrap_or(0),
            line: Mutex::new(Line::new(
                self.max_waiting,
                self.gate,
                self.permits.map(Concurrency::new),
            )),
            lease,
            counters: Counters::default(),
            giving_back: Arc::new(Semaphore::new(256)),
            reports: AtomicBool::new(false),
        })))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Builder");
        debug.field("outage", &self.outage);
        debug.field("max_waiting", &self.max_waiting);
        debug.finish_non_exhaustive()
    }
}
