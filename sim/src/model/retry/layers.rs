use std::{iter, time::Duration};

use paceline_backoff::{
    BackoffError, Decision, Delay, Failure, FailureKind, HintPolicy, HintUse, Jitter, RetryPolicy,
};
use paceline_core::{Rng, Timestamp};

use super::super::observe::Cause;
use crate::scenario::retry::{self, Backoff};

/// Retries within retries: what one layer gives up, the one around it may try all over again.
pub(super) struct Layers(Vec<Layer>);

/// One program that retries, such as an SDK.
struct Layer {
    policy: RetryPolicy,
    /// Hints beyond this are not heard.
    longest_hint: Duration,
}

/// How often a layer tried a request since it was handed to it.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    first_call_at: Timestamp,
    throttled: u32,
    errors: u32,
}

/// What the layers did about one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    innermost: Tries,
    /// Of those around it; none, until one of them is asked.
    around: Vec<Tries>,
}

impl Layers {
    /// The layers of a scenario, the innermost first.
    pub(super) fn new(specs: &[Backoff]) -> Result<Self, BackoffError> {
        let layer = |spec: &Backoff| {
            Ok(Layer {
                policy: policy(spec)?,
                longest_hint: match spec.hint_policy {
                    retry::HintPolicy::IgnoreAboveS(most) => most.get(),
                    _ => Duration::MAX,
                },
            })
        };
        Ok(Self(specs.iter().map(layer).collect::<Result<_, _>>()?))
    }

    /// How long to wait before the next call, or why the outermost layer gives up.
    pub(super) fn next(
        &self,
        now: Timestamp,
        progress: &mut Progress,
        kind: FailureKind,
        hint: Option<Duration>,
        deadline: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<Duration, Cause> {
        let mut cause = Cause::NoRetries;
        for (place, layer) in self.0.iter().enumerate() {
            let tries = progress.at(place);
            tries.count(kind);
            let failure = Failure {
                kind,
                throttled: tries.throttled,
                errors: tries.errors,
                first_call_at: tries.first_call_at,
                hint: hint.filter(|hint| *hint <= layer.longest_hint),
                deadline: Some(deadline),
            };
            match layer.policy.decide(&failure, now, rng) {
                Decision::Retry(delay) => {
                    progress.begin_within(place, now.saturating_add(delay));
                    return Ok(delay);
                }
                Decision::GiveUp { reason, .. } => cause = Cause::Policy(reason),
            }
        }
        Err(cause)
    }
}

impl Tries {
    const fn since(first_call_at: Timestamp) -> Self {
        Self {
            first_call_at,
            throttled: 0,
            errors: 0,
        }
    }

    const fn count(&mut self, kind: FailureKind) {
        let count = match kind {
            FailureKind::Throttled => &mut self.throttled,
            FailureKind::Error => &mut self.errors,
        };
        *count = count.saturating_add(1);
    }
}

impl Progress {
    /// Takes note of the first call of the request.
    pub(super) fn first_call(&mut self, now: Timestamp) {
        self.innermost = Tries::since(now);
    }

    /// What the layer at this place tried, which is asked after all within it.
    fn at(&mut self, place: usize) -> &mut Tries {
        let Some(place) = place.checked_sub(1) else {
            return &mut self.innermost;
        };
        if place == self.around.len() {
            // The one within it was handed the request once so far: at its first call.
            let within = self.around.last().unwrap_or(&self.innermost);
            self.around.push(Tries::since(within.first_call_at));
        }
        &mut self.around[place]
    }

    /// Lets all layers within this one begin anew.
    fn begin_within(&mut self, place: usize, at: Timestamp) {
        let within = iter::once(&mut self.innermost).chain(&mut self.around);
        for tries in within.take(place) {
            *tries = Tries::since(at);
        }
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
