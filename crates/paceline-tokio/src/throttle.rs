use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use paceline_admission::{Admission, Gate, Priority, Refusal};
use paceline_composite::Admit;
use paceline_concurrency::Limit;
use paceline_core::{Clock, Feedback, Timestamp};

use crate::{
    Acquire, AcquireWithin, Admitted, TokioClock, TryAcquireError, observe, outside::Outside,
    state::State,
};

/// Limits that tasks wait for, first come, first served.
///
/// It holds a limiter, or a [`ByDimension`](paceline_composite::ByDimension) of several; if asked
/// to, permits in flight; and a gate that refusals close. A request is admitted when all agree.
/// Clones share everything.
///
/// - *Fair.* A request for much is not starved by requests for little: while it is the oldest,
///   nobody of its priority passes it. It is served once what it lacks has replenished.
/// - *Cancel-safe.* Dropping a future that waits gives up its place, spends nothing, and delays
///   nobody.
/// - *Frugal.* There is one timer. Only the head of the line is woken, once per admission.
///
/// Tokio's timers have a resolution of 1 ms, so a limit with a burst of one cell is kept, but not
/// quite used up, if cells replenish faster than that.
///
/// # Examples
///
/// ```
/// use paceline_core::Quota;
/// use paceline_gcra::Gcra;
/// use paceline_tokio::Throttle;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paceline_tokio::AcquireError> {
/// let throttle = Throttle::new(Gcra::new(Quota::per_second(5)));
/// for _ in 0..8 {
///     // The first five are admitted at once, the others 200 ms apart.
///     let admitted = throttle.acquire(1).await?;
///     drop(admitted);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Throttle<A: Admit>(Arc<Shared<A>>);

pub(crate) struct Shared<A: Admit> {
    state: Mutex<State<A>>,
    clock: Box<dyn Clock + Send + Sync>,
}

impl<A: Admit> Throttle<A> {
    /// Makes a throttle without permits, for which 10,000 may wait, on tokio's clock.
    pub fn new(limits: A) -> Self {
        Self::builder(limits).build()
    }

    /// Starts to make a throttle.
    pub fn builder(limits: A) -> Builder<A> {
        Builder {
            limits,
            permits: None,
            gate: Gate::new(random()),
            max_waiting: 10_000,
            clock: None,
        }
    }

    /// Waits until `cost` is admitted.
    ///
    /// It takes its place in line when it is first polled. See [`Acquire`] for errors and priorities.
    pub fn acquire(&self, cost: A::Cost) -> Acquire<A> {
        Acquire::new(self.clone(), cost)
    }

    /// Waits until `cost` is admitted, but refuses at once if that cannot be within this time.
    ///
    /// When it would be admitted is found by playing through those who wait before it, on a copy of
    /// the limits, which takes time in proportion to their number; if nobody does, it is one
    /// question. See [`AcquireWithin`] for errors and priorities.
    pub fn acquire_within(&self, cost: A::Cost, within: Duration) -> AcquireWithin<A>
    where
        A: Clone,
    {
        self.acquire(cost).within(within)
    }

    /// Admits `cost` now or not at all. Nobody who waits is passed.
    ///
    /// # Errors
    ///
    /// Says whether a limit refuses, others wait, or permits are all in use; nothing has changed.
    pub fn try_acquire(&self, cost: A::Cost) -> Result<Admitted<A>, TryAcquireError> {
        let (mut state, now) = self.lock();
        let waiting = state.admission.line().len();
        if waiting > 0 {
            return Err(TryAcquireError::Behind { waiting });
        }
        let place = state.place(now, Priority::default(), None);
        let answer = state.admission.try_admit(now, cost);
        drop(state);
        match answer {
            Ok(grant) => {
                observe::admitted();
                Ok(Admitted::new(self.clone(), place, grant))
            }
            Err(Refusal::Denied(denied)) => Err(TryAcquireError::Denied(denied)),
            Err(Refusal::Busy) => Err(TryAcquireError::Busy),
        }
    }

    /// Closes the gate for all who share this throttle, after a refusal such as a 429.
    ///
    /// `sent_at` is when the refused request was sent; [`Admitted::refused`] knows it. See
    /// [`Gate`] for how it opens again.
    pub fn close(&self, sent_at: Timestamp, retry_after: Option<Duration>) {
        observe::closed();
        let (mut state, now) = self.lock();
        // Whoever waits for a timer asks again when it is over, and finds the gate closed.
        state.admission.gate_mut().close(now, sent_at, retry_after);
    }

    /// Learns from a response, for all who share this throttle.
    ///
    /// Limits that learn are told of it, and a refusal closes the gate, both before anybody else is admitted;
    /// whoever is next is woken if it may be admitted earlier now, and otherwise waits for as long as it has
    /// to. See [`Admission::observe`] for which responses close the gate.
    ///
    /// `sent_at` is when the request was sent; [`Admitted::observe`] knows it.
    pub fn observe(&self, sent_at: Timestamp, feedback: &Feedback) {
        let mut outside = Outside::default();
        let (mut state, now) = self.lock();
        if state.admission.observe(now, sent_at, feedback) {
            observe::closed();
        }
        state.nudge(now, &mut outside);
        drop(state);
        outside.wake();
    }

    /// When `cost` would be admitted at the earliest if it took its place in line now; `None` if never.
    ///
    /// Now, if nothing but permits stands in its way: when one comes back cannot be known. It changes
    /// nothing, and takes as long as [`acquire_within`](Self::acquire_within). For those who choose among
    /// several throttles.
    pub fn ready_at(&self, cost: A::Cost) -> Option<Timestamp>
    where
        A: Clone,
    {
        let (state, now) = self.lock();
        let place = state.place(now, Priority::default(), None);
        let ready_at = state.admission.ready_at(now, place, cost);
        ready_at.filter(|&at| at < Timestamp::MAX)
    }

    /// Changes the limits while others wait for them.
    ///
    /// `change` runs under the lock of the throttle, and must not use it.
    pub fn update<R>(&self, change: impl FnOnce(&mut A, Timestamp) -> R) -> R {
        let mut outside = Outside::default();
        let (mut state, now) = self.lock();
        let result = change(state.admission.limits_mut(), now);
        state.nudge(now, &mut outside);
        drop(state);
        outside.wake();
        result
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().0.admission.line().len()
    }

    /// How many requests are in flight; 0 if permits are not counted.
    pub fn in_flight(&self) -> u32 {
        self.lock().0.admission.in_flight()
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What it tells the time by.
    pub(crate) fn clock(&self) -> &(dyn Clock + Send + Sync) {
        &*self.0.clock
    }

    /// The state, and a time that does not run back while it is held.
    ///
    /// A panic in a limiter leaves it as it was or charged, both of which are sound, so a poisoned
    /// lock is taken all the same.
    pub(crate) fn lock(&self) -> (MutexGuard<'_, State<A>>, Timestamp) {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        (state, now)
    }
}

impl<A: Admit> Clone for Throttle<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Admit> fmt::Debug for Throttle<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").finish_non_exhaustive()
    }
}

/// Makes a [`Throttle`].
pub struct Builder<A> {
    limits: A,
    permits: Option<Box<dyn Limit + Send>>,
    gate: Gate,
    max_waiting: usize,
    clock: Option<Box<dyn Clock + Send + Sync>>,
}

impl<A: Admit> Builder<A> {
    /// Counts requests in flight, and admits no more than this policy allows.
    #[must_use]
    pub fn concurrency(mut self, policy: impl Limit + Send + 'static) -> Self {
        self.permits = Some(Box::new(policy));
        self
    }

    /// Takes a gate with another spacing, or a known seed; unless stated, the seed is random, so that
    /// processes that share a key do not come back together.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Lets at most so many wait; the next one is refused. 10,000, unless stated.
    #[must_use]
    pub const fn max_waiting(mut self, most: usize) -> Self {
        self.max_waiting = most;
        self
    }

    /// Reads another clock; [`TokioClock`], unless stated.
    ///
    /// It sleeps for as long as a wait takes [in real time](Clock::in_real_time).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Makes it.
    pub fn build(self) -> Throttle<A> {
        let mut admission = Admission::new(self.limits, self.max_waiting).with_gate(self.gate);
        if let Some(policy) = self.permits {
            admission = admission.with_permits(policy);
        }
        Throttle(Arc::new(Shared {
            state: Mutex::new(State::new(admission)),
            clock: self.clock.unwrap_or_else(|| Box::new(TokioClock::new())),
        }))
    }
}

/// A random number, by the only source of such that std has.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

impl<A> fmt::Debug for Builder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Builder");
        debug.field("max_waiting", &self.max_waiting);
        debug.finish_non_exhaustive()
    }
}
