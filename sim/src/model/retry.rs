mod layers;

use std::time::Duration;

use paceline_backoff::{
    AdaptiveThrottle, BackoffError, FailureKind, GrpcThrottle, RatioBudget, RetryBreaker,
    RetryBudget, StatelessJitter, TokenQuota,
};
use paceline_core::{Class, Feedback, Timestamp};
use rand_chacha::rand_core::Rng;

use self::layers::{Layers, Progress};
use super::observe::Cause;
use crate::{
    engine::Streams,
    scenario::{
        retry::{Budget, Throttle},
        strategy::Strategy,
    },
    workload::Job,
};

/// Decides about the retries of one client.
pub(crate) struct Retries {
    layers: Layers,
    budget: Option<Box<dyn RetryBudget>>,
    throttle: Option<AdaptiveThrottle>,
    jitter: StatelessJitter,
    /// Decides which calls are held back.
    lots: StatelessJitter,
}

/// What a request went through.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    progress: Progress,
    /// How often it failed so far.
    failures: u32,
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

impl Retries {
    pub(crate) fn new(strategy: &Strategy, streams: Streams) -> Result<Self, BackoffError> {
        Ok(Self {
            layers: Layers::new(&strategy.backoff)?,
            budget: strategy.budget.map(budget).transpose()?,
            throttle: strategy.throttle.map(throttle).transpose()?,
            jitter: StatelessJitter::new(streams.named("jitter").next_u64()),
            lots: StatelessJitter::new(streams.named("throttle").next_u64()),
        })
    }

    /// Takes note of the first call of a request.
    pub(crate) fn first_call(&mut self, now: Timestamp, history: &mut History) {
        history.progress.first_call(now);
        if let Some(budget) = &mut self.budget {
            budget.first_call(now);
        }
    }

    /// Whether a call may be made, which is asked once before each.
    pub(crate) fn lets_pass(&mut self, now: Timestamp, job: &Job, history: &History) -> bool {
        let Some(throttle) = &mut self.throttle else {
            return true;
        };
        throttle.try_call(now, &mut self.lots.rng(job.id, history.failures))
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
        history.failures = history.failures.saturating_add(1);
        let mut rng = self.jitter.rng(job.id, history.failures);
        let progress = &mut history.progress;
        let delay = self
            .layers
            .next(now, progress, kind, hint, deadline, &mut rng)?;
        if let Some(budget) = &mut self.budget
            && !budget.try_retry(now, kind)
        {
            return Err(Cause::Budget);
        }
        history.last_retry = Some(kind);
        Ok(delay)
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
