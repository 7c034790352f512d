use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use paceline_admission::Gate;
use paceline_concurrency::{Concurrency, Limit};
use tokio::sync::Semaphore;

use crate::{
    LimitError, Outage, SharedLimit, SharedThrottle, Store, counters::Counters, lease::Lease,
    line::Line, memory::Memory, plan::Plan, scope::Names, throttle::Shared,
};

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
    pub(crate) fn new(
        store: &Store,
        scope: &str,
        limits: Vec<SharedLimit>,
        outage: Outage,
    ) -> Self {
        Self {
            store: store.clone(),
            names: Names::new(store.salt(), scope),
            limits,
            outage,
            permits: None,
            gate: Gate::new(RandomState::new().hash_one(())),
            max_waiting: 10_000,
            hold: Duration::from_secs(2),
            lease: None,
        }
    }

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
                RandomState::new().hash_one(()),
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
