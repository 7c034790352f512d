use std::{
    error, fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use paceline_admission::Priority;
use paceline_backoff::{
    Decision, Failure, FailureKind, Reason, RetryBudget, RetryPolicy, StatelessJitter,
};
use paceline_composite::Admit;
use paceline_core::Timestamp;

use crate::{AcquireError, Throttle};

/// Runs operations under a throttle, a backoff policy, a budget and a deadline.
///
/// Every attempt is admitted by the throttle first; a retry takes its old place in line. A refusal
/// by the server closes the throttle's gate for all who share it; then the policy decides whether to
/// try again and when. Clones share one budget.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{Delay, Jitter, RetryPolicy};
/// use paceline_core::Quota;
/// use paceline_gcra::Gcra;
/// use paceline_tokio::{Attempt, Retry, Throttle};
/// use std::{cell::Cell, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paceline_backoff::BackoffError> {
/// let throttle = Throttle::new(Gcra::new(Quota::per_second(5)));
/// let second = Duration::from_secs(1);
/// let delay = Delay::exponential(second, (2, 1), 60 * second)?;
/// let retry = Retry::new(RetryPolicy::new(delay, Jitter::FULL), 7);
///
/// let calls = Cell::new(0);
/// let answer = retry.run(&throttle, 1, || async {
///     calls.set(calls.get() + 1);
///     if calls.get() < 3 {
///         return Attempt::Throttled { error: "429", retry_after: Some(second) };
///     }
///     Attempt::Done { value: "hello", actual: None }
/// });
/// assert_eq!(answer.await, Ok("hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Retry {
    policy: RetryPolicy,
    budget: Option<Arc<Mutex<dyn RetryBudget + Send>>>,
    within: Option<Duration>,
    priority: Priority,
    jitter: StatelessJitter,
    runs: Arc<AtomicU64>,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attempt<T, E, C> {
    /// It succeeded.
    Done {
        /// The result.
        value: T,
        /// What it really cost, if that is known; else what was charged stands.
        actual: Option<C>,
    },
    /// The server asked for a slower pace, as by a 429.
    Throttled {
        /// What the server said.
        error: E,
        /// Its hint, counted from now.
        retry_after: Option<Duration>,
    },
    /// It failed in a way that may pass, as by a 503 or a lost connection.
    Failed(E),
    /// It failed in a way that no retry cures.
    Fatal(E),
}

impl Retry {
    /// Retries as this policy says, with a seed for its jitter.
    pub fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            budget: None,
            within: None,
            priority: Priority::default(),
            jitter: StatelessJitter::new(seed),
            runs: Arc::default(),
        }
    }

    /// Bounds the retries of all operations together.
    #[must_use]
    pub fn with_budget(mut self, budget: impl RetryBudget + Send + 'static) -> Self {
        self.budget = Some(Arc::new(Mutex::new(budget)));
        self
    }

    /// Begins no attempt later than this after the first one was asked for.
    ///
    /// An attempt that has begun is not cut short.
    #[must_use]
    pub const fn within(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    /// Waits with this priority for every attempt; interactive, unless stated.
    #[must_use]
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Runs an operation until it is done, or until it is pointless to try again.
    ///
    /// # Errors
    ///
    /// Says why its first attempt was not admitted, or what failed last and why it was not tried
    /// again.
    pub async fn run<A, T, E, F>(
        &self,
        throttle: &Throttle<A>,
        cost: A::Cost,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, RetryError<E>>
    where
        A: Admit + Clone,
        F: Future<Output = Attempt<T, E, A::Cost>>,
    {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let start = throttle.now();
        let deadline = self.within.map(|within| start.saturating_add(within));
        let (mut throttled, mut errors) = (0_u32, 0_u32);
        let (mut first_call_at, mut place, mut last) = (None, None, None);
        loop {
            let calls = throttled.saturating_add(errors);
            let acquire = throttle.acquire(cost).with_priority(self.priority);
            let acquire = match place {
                Some(place) => acquire.with_place(place),
                None => acquire,
            };
            let admitted = match deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(throttle.now());
                    acquire.within(left).await
                }
                None => acquire.await,
            };
            let last_kind = last.as_ref().map(|(kind, _)| *kind);
            let admitted = match (admitted, last) {
                (Ok(admitted), _) => admitted,
                (Err(why), None) => return Err(RetryError::NotAdmitted(why)),
                (Err(why), Some((_, error))) => {
                    let stop = Stop::NotAdmitted(why);
                    return Err(RetryError::Failed { error, calls, stop });
                }
            };
            place = Some(admitted.place());
            let first_call_at = *first_call_at.get_or_insert_with(|| {
                self.with(|budget| budget.first_call(admitted.at()));
                admitted.at()
            });
            let (kind, hint, error) = match operation().await {
                Attempt::Done { value, actual } => {
                    match actual {
                        // Too late to settle: what was charged stands, and the result is still good.
                        Some(actual) => drop(admitted.settle(actual)),
                        None => admitted.succeeded(),
                    }
                    self.with(|budget| budget.success(throttle.now(), last_kind));
                    return Ok(value);
                }
                Attempt::Throttled { error, retry_after } => {
                    admitted.refused(retry_after);
                    throttled = throttled.saturating_add(1);
                    (FailureKind::Throttled, retry_after, error)
                }
                Attempt::Failed(error) => {
                    admitted.failed();
                    errors = errors.saturating_add(1);
                    (FailureKind::Error, None, error)
                }
                Attempt::Fatal(error) => {
                    drop(admitted);
                    let calls = throttled.saturating_add(errors).saturating_add(1);
                    return Err(RetryError::Failed {
                        error,
                        calls,
                        stop: Stop::Fatal,
                    });
                }
            };
            let failure = Failure {
                kind,
                throttled,
                errors,
                first_call_at,
                hint,
                deadline,
            };
            let calls = throttled.saturating_add(errors);
            match self.decide(&failure, throttle.now(), run, calls) {
                Ok(delay) => tokio::time::sleep(throttle.clock().in_real_time(delay)).await,
                Err(stop) => return Err(RetryError::Failed { error, calls, stop }),
            }
            last = Some((kind, error));
        }
    }

    fn decide(
        &self,
        failure: &Failure,
        now: Timestamp,
        run: u64,
        calls: u32,
    ) -> Result<Duration, Stop> {
        self.with(|budget| budget.failure(now, failure.kind));
        let mut rng = self.jitter.rng(run, calls);
        match self.policy.decide(failure, now, &mut rng) {
            Decision::Retry(delay) => match self.with(|budget| budget.try_retry(now, failure.kind))
            {
                Some(false) => Err(Stop::Budget),
                _ => Ok(delay),
            },
            Decision::GiveUp { reason, .. } => Err(Stop::Policy(reason)),
        }
    }

    fn with<R>(&self, ask: impl FnOnce(&mut dyn RetryBudget) -> R) -> Option<R> {
        let budget = self.budget.as_ref()?;
        Some(ask(&mut *budget
            .lock()
            .unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("policy", &self.policy)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// Why an operation did not succeed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RetryError<E> {
    /// It was not admitted, and not attempted.
    NotAdmitted(AcquireError),
    /// The last attempt failed.
    Failed {
        /// How.
        error: E,
        /// How many attempts there were.
        calls: u32,
        /// Why there was no other.
        stop: Stop,
    },
}

/// Why an operation was not tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Stop {
    /// No retry could have cured it.
    Fatal,
    /// The policy said so.
    Policy(Reason),
    /// The budget of all operations is spent.
    Budget,
    /// The next attempt was not admitted.
    NotAdmitted(AcquireError),
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAdmitted(error) => write!(f, "not admitted: {error}"),
            Self::Failed { error, calls, .. } => write!(f, "failed after {calls} calls: {error}"),
        }
    }
}

impl<E: error::Error + 'static> error::Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::NotAdmitted(error) => Some(error),
            Self::Failed { error, .. } => Some(error),
        }
    }
}
