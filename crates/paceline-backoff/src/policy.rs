use core::time::Duration;

use paceline_core::{Rng, Timestamp};

use crate::{Delay, HintPolicy, HintUse, Jitter, delay::nanos};

/// Decides whether and when to retry one request.
///
/// # Examples
///
/// ```
/// use paceline_backoff::{Decision, Delay, Failure, FailureKind, Jitter, Reason, RetryPolicy};
/// use paceline_core::{SplitMix64, Timestamp};
/// use std::time::Duration;
///
/// let delay = Delay::exponential(Duration::from_millis(500), (2, 1), Duration::from_secs(60))?;
/// let policy = RetryPolicy::new(delay, Jitter::FULL).with_retries(3, 1);
/// let mut rng = SplitMix64::new(7);
///
/// let now = Timestamp::from_nanos(5_000_000_000);
/// let mut failure = Failure::first(FailureKind::Throttled, now);
/// failure.hint = Some(Duration::from_secs(20));
/// // The hint is a floor; the jittered delay comes on top.
/// let Decision::Retry(delay) = policy.decide(&failure, now, &mut rng) else { panic!() };
/// assert!(delay >= Duration::from_secs(20) && delay <= Duration::from_millis(20_500));
///
/// // Waiting for 20 s would cut a deadline that is 10 s away, so it does not begin to wait.
/// failure.deadline = Some(Timestamp::from_nanos(15_000_000_000));
/// let Decision::GiveUp { reason, retry_at } = policy.decide(&failure, now, &mut rng) else { panic!() };
/// assert_eq!(reason, Reason::Deadline);
/// assert!(retry_at >= Some(Timestamp::from_nanos(25_000_000_000)));
/// # Ok::<(), paceline_backoff::BackoffError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    delay: Delay,
    jitter: Jitter,
    throttle_retries: u32,
    error_retries: u32,
    max_elapsed: Option<Duration>,
    hint_use: HintUse,
    hint_policy: HintPolicy,
}

/// What a retry would follow upon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What went wrong this time.
    pub kind: FailureKind,
    /// How often this request was throttled so far, this time included.
    pub throttled: u32,
    /// How often it failed otherwise so far, this time included.
    pub errors: u32,
    /// When its first call was made.
    pub first_call_at: Timestamp,
    /// What the server said about when to come back, counted from now.
    pub hint: Option<Duration>,
    /// When the request becomes worthless.
    pub deadline: Option<Timestamp>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailureKind {
    /// The server refused for being asked too much, as with 429.
    Throttled,
    /// Anything else that may pass, such as a 5xx or a lost connection.
    Error,
}

/// Whether to retry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Decision {
    /// After this delay.
    Retry(Duration),
    /// Not any more.
    GiveUp {
        /// Why.
        reason: Reason,
        /// When a retry would have begun, so that the caller can put the request back for later.
        retry_at: Option<Timestamp>,
    },
}

/// Why a request is given up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// It was retried as often as this kind of failure, or a finite schedule, allows.
    Attempts,
    /// The retry would begin too long after the first call.
    Elapsed,
    /// The retry would begin at the deadline or later.
    Deadline,
    /// The server asked for a longer wait than the policy accepts.
    HintTooLong,
}

impl Failure {
    /// The failure of a first call, made at this time, without hint or deadline.
    pub const fn first(kind: FailureKind, first_call_at: Timestamp) -> Self {
        let (throttled, errors) = match kind {
            FailureKind::Throttled => (1, 0),
            FailureKind::Error => (0, 1),
        };
        Self {
            kind,
            throttled,
            errors,
            first_call_at,
            hint: None,
            deadline: None,
        }
    }
}

impl RetryPolicy {
    /// Makes a policy with 5 retries after refusals and 2 after errors, no limit on elapsed time,
    /// and hints as a floor, up to two minutes.
    pub const fn new(delay: Delay, jitter: Jitter) -> Self {
        Self {
            delay,
            jitter,
            throttle_retries: 5,
            error_retries: 2,
            max_elapsed: None,
            hint_use: HintUse::Floor,
            hint_policy: HintPolicy::DEFAULT,
        }
    }

    /// Sets how often a request is retried after refusals, and how often after errors.
    #[must_use]
    pub const fn with_retries(mut self, throttled: u32, errors: u32) -> Self {
        self.throttle_retries = throttled;
        self.error_retries = errors;
        self
    }

    /// Sets how long after the first call a retry may begin.
    #[must_use]
    pub const fn with_max_elapsed(mut self, max_elapsed: Duration) -> Self {
        self.max_elapsed = Some(max_elapsed);
        self
    }

    /// Sets what to make of hints.
    #[must_use]
    pub const fn with_hints(mut self, hint_use: HintUse, hint_policy: HintPolicy) -> Self {
        self.hint_use = hint_use;
        self.hint_policy = hint_policy;
        self
    }

    /// Decides about a failure that became known at `now`.
    ///
    /// The answer depends on the arguments alone. Limits are checked in the order of [`Reason`]'s
    /// variants, and the last call of a request is never followed by a delay.
    pub fn decide(
        &self,
        failure: &Failure,
        now: Timestamp,
        rng: &mut (impl Rng + ?Sized),
    ) -> Decision {
        let (failures, most) = match failure.kind {
            FailureKind::Throttled => (failure.throttled, self.throttle_retries),
            FailureKind::Error => (failure.errors, self.error_retries),
        };
        // The delay grows with all failures, whatever their kind and whatever the server said.
        let retry = failure
            .throttled
            .saturating_add(failure.errors)
            .saturating_sub(1);
        let own = self.delay.draw(retry, rng);
        let own = self.jitter.spread(own, nanos(self.delay.cap()), rng);
        let hint = self.followed(failure.hint);
        let delay = match (self.hint_use, hint) {
            (_, None) => own,
            (HintUse::Exact, Some(hint)) => nanos(hint),
            (HintUse::Floor | HintUse::Ignore, Some(hint)) => nanos(hint).saturating_add(own),
        };
        let delay = Duration::from_nanos(delay);
        let retry_at = now.saturating_add(delay);
        let give_up = |reason| Decision::GiveUp {
            reason,
            retry_at: Some(retry_at),
        };

        if failures > most || self.delay.ends_before(retry) {
            return give_up(Reason::Attempts);
        }
        let elapsed = retry_at.saturating_duration_since(failure.first_call_at);
        if self.max_elapsed.is_some_and(|most| elapsed > most) {
            return give_up(Reason::Elapsed);
        }
        if failure
            .deadline
            .is_some_and(|deadline| retry_at >= deadline)
        {
            return give_up(Reason::Deadline);
        }
        if let (HintPolicy::FailAbove(most), Some(hint)) = (self.hint_policy, hint)
            && hint > most
        {
            return give_up(Reason::HintTooLong);
        }
        Decision::Retry(delay)
    }

    /// The shortest and the longest delay before this retry, counted from 0, without a hint.
    pub fn bounds(&self, retry: u32) -> (Duration, Duration) {
        let cap = nanos(self.delay.cap());
        let (shortest, _) = self.jitter.bounds(self.delay.shortest(retry), cap);
        let (_, longest) = self.jitter.bounds(nanos(self.delay.nominal(retry)), cap);
        (
            Duration::from_nanos(shortest),
            Duration::from_nanos(longest),
        )
    }

    /// What of a hint this policy follows; nothing, if that is zero.
    fn followed(&self, hint: Option<Duration>) -> Option<Duration> {
        let hint = match (self.hint_use, self.hint_policy) {
            (HintUse::Ignore, _) => None,
            (_, HintPolicy::Clamp(most)) => hint.map(|hint| hint.min(most)),
            (_, HintPolicy::Honour | HintPolicy::FailAbove(_)) => hint,
        };
        hint.filter(|hint| !hint.is_zero())
    }
}
