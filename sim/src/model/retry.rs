use std::time::Duration;

use paceline_backoff::{
    AdaptiveThrottle, BackoffError, Decision, Delay, Failure, FailureKind, GrpcThrottle,
    HintPolicy, HintUse, Jitter, RatioBudget, RetryBreaker, RetryBudget, RetryPolicy,
    StatelessJitter, TokenQuota,
};
use paceline_core::{Class, Feedback, Timestamp};
use rand_chacha::rand_core::Rng;

use super::observe::Cause;
use crate::{
    engine::Streams,
    scenario::{
        retry::{self, Backoff, Budget, Throttle},
        strategy::Strategy,
    },
    workload::Job,
};

/// Decides about the retries of one client.
pub(crate) struct Retries {
    policy: Option<RetryPolicy>,
    budget: Option<Box<dyn RetryBudget>>,
    throttle: Option<AdaptiveThrottle>,
    /// Hints beyond this are not heard.
    longest_hint: Duration,
    jitter: StatelessJitter,
    /// Decides which calls are held back.
    lots: StatelessJitter,
}

/// What a request went through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct History {
    pub(crate) first_call_at: Timestamp,
    throttled: u32,
    errors: u32,
    last_retry: Option<FailureKind>,
}

/// What follows from a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Follows {
    /// The request is done.
    Success,
    /// It is given up, as no retry cures it.
    NoCure,
    /// It may be tried again, after this hint.
    Failure(FailureKind, Option<Duration>),
}

impl History {
    /// How often it failed so far.
    const fn failures(&self) -> u32 {
        self.throttled.saturating_add(self.errors)
    }
}

impl Retries {
    pub(crate) fn new(strategy: &Strategy, streams: Streams) -> Result<Self, BackoffError> {
        Ok(Self {
            policy: strategy.backoff.as_ref().map(policy).transpose()?,
            budget: strategy.budget.map(budget).transpose()?,
            throttle: strategy.throttle.map(throttle).transpose()?,
            longest_hint: match strategy.backoff.as_ref().map(|it| it.hint_policy) {
                Some(retry::HintPolicy::IgnoreAboveS(most)) => most.get(),
                _ => Duration::MAX,
            },
            jitter: StatelessJitter::new(streams.named("jitter").next_u64()),
            lots: StatelessJitter::new(streams.named("throttle").next_u64()),
        })
    }

    /// Takes note of the first call of a request.
    pub(crate) fn first_call(&mut self, now: Timestamp) {
        if let Some(budget) = &mut self.budget {
            budget.first_call(now);
        }
    }

    /// Whether a call may be made, which is asked once before each.
    pub(crate) fn lets_pass(&mut self, now: Timestamp, job: &Job, history: &History) -> bool {
        let Some(throttle) = &mut self.throttle else {
            return true;
        };
        throttle.try_call(now, &mut self.lots.rng(job.id, history.failures()))
    }

    /// Takes note of a response, whose hint is this, and says what follows from it.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        feedback: &Feedback,
        hint: Option<Duration>,
    ) -> Follows {
        let overloaded = matches!(feedback.class, Class::Pace | Class::Quota | Class::Overload);
        if let Some(throttle) = self.throttle.as_mut().filter(|_| !overloaded) {
            throttle.accepted(now);
        }
        match feedback.class {
            Class::Ok => Follows::Success,
            Class::TooLarge | Class::Billing => Follows::NoCure,
            Class::Pace | Class::Quota => Follows::Failure(FailureKind::Throttled, hint),
            // A fault, whatever else a provider calls it.
            _ => Follows::Failure(FailureKind::Error, None),
        }
    }

    /// Takes note of a call that failed in a way that a retry may cure.
    pub(crate) fn failed(&mut self, now: Timestamp, kind: FailureKind) {
        if let Some(budget) = &mut self.budget {
            budget.failure(now, kind);
        }
    }

    /// Takes note of a success.
    pub(crate) fn success(&mut self, now: Timestamp, history: &History) {
        if let Some(budget) = &mut self.budget {
            budget.success(now, history.last_retry);
        }
    }

    /// How long to wait before the next try, or why it is given up.
    pub(crate) fn next(
        &mut self,
        now: Timestamp,
        job: &Job,
        history: &mut History,
        kind: FailureKind,
        hint: Option<Duration>,
        deadline: Timestamp,
    ) -> Result<Duration, Cause> {
        let policy = self.policy.as_ref().ok_or(Cause::NoRetries)?;
        let count = match kind {
            FailureKind::Throttled => &mut history.throttled,
            FailureKind::Error => &mut history.errors,
        };
        *count = count.saturating_add(1);
        let failure = Failure {
            kind,
            throttled: history.throttled,
            errors: history.errors,
            first_call_at: history.first_call_at,
            hint: hint.filter(|hint| *hint <= self.longest_hint),
            deadline: Some(deadline),
        };
        let mut rng = self.jitter.rng(job.id, history.failures());
        let delay = match policy.decide(&failure, now, &mut rng) {
            Decision::Retry(delay) => delay,
            Decision::GiveUp { reason, .. } => return Err(Cause::Policy(reason)),
        };
        if let Some(budget) = &mut self.budget
            && !budget.try_retry(now, kind)
        {
            return Err(Cause::Budget);
        }
        history.last_retry = Some(kind);
        Ok(delay)
    }
}

/// The policy that a scenario describes.
fn policy(spec: &Backoff) -> Result<RetryPolicy, BackoffError> {
    let policy = RetryPolicy::new(delay(&spec.delay)?, jitter(spec.jitter)?);
    let policy = policy.with_retries(
        spec.throttle_retries.unwrap_or(u32::MAX),
        spec.error_retries.unwrap_or(u32::MAX),
    );
    let policy = policy.with_hints(
        match spec.hint {
            retry::Hint::Floor => HintUse::Floor,
            retry::Hint::Exact => HintUse::Exact,
            retry::Hint::Ignore => HintUse::Ignore,
        },
        match spec.hint_policy {
            retry::HintPolicy::Honour => HintPolicy::Honour,
            retry::HintPolicy::FailAboveS(most) => HintPolicy::FailAbove(most.get()),
            retry::HintPolicy::ClampS(most) => HintPolicy::Clamp(most.get()),
            // What is left of the hints is short.
            retry::HintPolicy::IgnoreAboveS(_) => HintPolicy::Honour,
        },
    );
    Ok(match spec.max_elapsed_s {
        Some(most) => policy.with_max_elapsed(most.get()),
        None => policy,
    })
}

fn delay(spec: &retry::Delay) -> Result<Delay, BackoffError> {
    match spec {
        retry::Delay::ConstantS(delay) => Ok(Delay::constant(delay.get())),
        retry::Delay::Linear {
            initial_s,
            step_s,
            cap_s,
        } => Delay::linear(initial_s.get(), step_s.get(), cap_s.get()),
        retry::Delay::Exponential {
            initial_s,
            factor,
            cap_s,
        } => Delay::exponential(initial_s.get(), (*factor, 1), cap_s.get()),
        retry::Delay::Fibonacci { unit_s, cap_s } => Delay::fibonacci(unit_s.get(), cap_s.get()),
        retry::Delay::Decorrelated { base_s, cap_s } => {
            Delay::decorrelated(base_s.get(), cap_s.get())
        }
        retry::Delay::ScheduleS(delays) => {
            let delays: Vec<_> = delays.iter().map(|delay| delay.get()).collect();
            Delay::schedule(delays)
        }
    }
}

fn jitter(spec: retry::Jitter) -> Result<Jitter, BackoffError> {
    match spec {
        retry::Jitter::None => Ok(Jitter::NONE),
        retry::Jitter::Full => Ok(Jitter::FULL),
        retry::Jitter::Equal => Ok(Jitter::EQUAL),
        retry::Jitter::ProportionalPercent(percent) => Jitter::proportional(percent),
        retry::Jitter::DownPercent(percent) => Jitter::down(percent),
        retry::Jitter::AddS(most) => Ok(Jitter::add(most.get())),
    }
}

fn budget(spec: Budget) -> Result<Box<dyn RetryBudget>, BackoffError> {
    Ok(match spec {
        Budget::Ratio {
            percent,
            floor_per_s,
            most,
            initial,
            time_to_live_s,
        } => {
            let budget = RatioBudget::new((percent, 100), floor_per_s, most)?;
            let budget = budget.with_initial(initial);
            Box::new(match time_to_live_s {
                Some(span) => budget.with_time_to_live(span.get()),
                None => budget,
            })
        }
        Budget::AwsQuota { initial } => Box::new(TokenQuota::aws(initial)),
        Budget::Grpc {
            tokens,
            per_success,
        } => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and saturating where it is huge"
            )]
            let thousandths = (per_success.get() * 1e3).round() as u32;
            Box::new(GrpcThrottle::new(tokens, thousandths)?)
        }
        Budget::Breaker { percent, window_s } => {
            let breaker = RetryBreaker::new((percent, 100))?;
            Box::new(match window_s {
                Some(window) => breaker.with_window(window.get()),
                None => breaker,
            })
        }
    })
}

fn throttle(spec: Throttle) -> Result<AdaptiveThrottle, BackoffError> {
    AdaptiveThrottle::new((spec.multiple_percent, 100), spec.window_s.get())
}
