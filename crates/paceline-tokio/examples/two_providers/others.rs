//! What clients do who do not share what they learn, to compare with.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use paceline_backoff::{Decision, Failure, FailureKind, RetryPolicy, StatelessJitter};
use paceline_core::{Class, Clock, Demand, SplitMix64};
use paceline_router::{Policy, Refusal, Router};
use paceline_tokio::TokioClock;
use tokio::time::sleep;

use crate::{
    MOST_CALLS,
    provider::{Provider, Result},
    read, targets,
};

/// Each job has its provider, and backs off when that refuses.
pub(crate) async fn backoff(providers: &[Provider; 2], job: u64, demand: Demand) -> Result<bool> {
    let provider = &providers[usize::from(job % 2 == 1)];
    let mut backoff = Backoff::new(job);
    loop {
        let feedback = read(provider.send(demand).await?, backoff.clock).await?;
        if feedback.class == Class::Ok {
            return Ok(true);
        }
        let hint = feedback.retry_after(backoff.clock.now());
        if !backoff.wait(hint).await {
            return Ok(false);
        }
    }
}

/// Each job turns to the other provider when one refuses, and backs off when both do.
pub(crate) async fn fallback(providers: &[Provider; 2], job: u64, demand: Demand) -> Result<bool> {
    let mut backoff = Backoff::new(job);
    loop {
        let mut hint = None;
        for provider in providers {
            let feedback = read(provider.send(demand).await?, backoff.clock).await?;
            if feedback.class == Class::Ok {
                return Ok(true);
            }
            hint = hint.or_else(|| feedback.retry_after(backoff.clock.now()));
        }
        if !backoff.wait(hint).await {
            return Ok(false);
        }
    }
}

/// Waits between calls as the providers' own SDKs do, but does not give up after two retries.
struct Backoff {
    policy: RetryPolicy,
    job: u64,
    failure: Failure,
    clock: TokioClock,
}

impl Backoff {
    fn new(job: u64) -> Self {
        let clock = TokioClock::new();
        let mut failure = Failure::first(FailureKind::Throttled, clock.now());
        failure.throttled = 0;
        Self {
            policy: RetryPolicy::openai_sdk().with_retries(MOST_CALLS, 0),
            job,
            failure,
            clock,
        }
    }

    /// Waits after a refusal, or says not to try again.
    async fn wait(&mut self, hint: Option<Duration>) -> bool {
        self.failure.throttled += 1;
        self.failure.hint = hint;
        let mut rng = StatelessJitter::new(7).rng(self.job, self.failure.throttled);
        let now = self.clock.now();
        match self.policy.decide(&self.failure, now, &mut rng) {
            Decision::Retry(delay) => sleep(delay).await,
            Decision::GiveUp { .. } => return false,
        }
        true
    }
}

/// Jobs share a router, which excludes who refused, but nobody holds anybody back before that.
pub(crate) struct RouterAlone {
    providers: [Provider; 2],
    router: Mutex<(Router, SplitMix64)>,
    clock: TokioClock,
}

impl RouterAlone {
    pub(crate) fn new(providers: [Provider; 2]) -> Self {
        let router = Router::new(targets(), Policy::Weighted);
        Self {
            providers,
            router: Mutex::new((router, SplitMix64::new(7))),
            clock: TokioClock::new(),
        }
    }

    pub(crate) async fn send(&self, demand: Demand) -> Result<bool> {
        let mut calls = 0;
        while calls < MOST_CALLS {
            let now = self.clock.now();
            let choice = self.with_router(|router, rng| router.route(now, demand, rng, |_| Ok(1)));
            let route = match choice {
                Ok(route) => route,
                Err(none) => {
                    let Some(at) = none.retry_at() else {
                        return Ok(false);
                    };
                    sleep(at.saturating_duration_since(now)).await;
                    continue;
                }
            };
            let response = self.providers[route.target].send(demand).await?;
            calls += 1;
            let feedback = read(response, self.clock).await?;
            if feedback.class == Class::Ok {
                self.with_router(|router, _| router.succeeded(route));
                return Ok(true);
            }
            let now = self.clock.now();
            if let Some(refusal) = Refusal::told_by(&feedback, now) {
                self.with_router(|router, rng| router.refused(now, route, refusal, rng));
            }
        }
        Ok(false)
    }

    fn with_router<T>(&self, ask: impl FnOnce(&mut Router, &mut SplitMix64) -> T) -> T {
        let mut held = self.router.lock().unwrap_or_else(PoisonError::into_inner);
        let (router, rng) = &mut *held;
        ask(router, rng)
    }
}
