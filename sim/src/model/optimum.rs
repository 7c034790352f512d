//! The most requests that any schedule could get admitted: the yardstick of goodput.

use paceline_core::{Denied, Dimension, Limiter, Timestamp};

use super::{limiters, provider, supply::Supply};
use crate::{
    engine::Streams,
    scenario::{
        Scenario,
        limit::RateLimit,
        provider::{Charge, Provider},
    },
    workload::{Job, Jobs, TraceError},
};

/// How many requests could be admitted by the end, at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// Requests that arrive.
    pub arrivals: u64,
    /// The most of them that any schedule could get admitted.
    pub requests: u64,
    /// Whether some schedule reaches this number.
    pub exact: bool,
}

/// Bounds the requests that a clairvoyant schedule could get admitted by the end of the scenario.
///
/// All limits on requests are taken together, and every other rate limit by itself; the least of
/// these numbers bounds what is possible under all of them.
///
/// - Requests cost one cell each, and no schedule admits more by any time than one that never
///   waits. This number is exact.
/// - Tokens: see [`Supply`]. This number is an upper bound, as it lets requests be split.
///
/// Several keys are bounded each by itself, as if every request could go to each of them, and the sum
/// bounds them together.
///
/// Latency, faults, outages, deadlines and limits on concurrency are ignored, which can only make
/// the bound larger. The whole is exact if there is a single group with an exact number and nothing
/// was ignored.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn optimum(scenario: &Scenario, streams: Streams) -> Result<Bound, TraceError> {
    let start = scenario.start();
    let end = start.saturating_add(scenario.duration());
    let mut keys: Vec<Key> = provider::keys(&scenario.providers)
        .map(|(_, spec)| Key::new(spec, start, end))
        .collect();
    let mut jobs = Jobs::start(scenario, streams)?;
    let mut arrivals = 0;
    while let Some(job) = jobs.next_job()? {
        arrivals += 1;
        for key in &mut keys {
            key.arrive(&job);
        }
    }
    let ignores = ignores(scenario);
    let exact = keys.len() == 1 && keys.iter().all(|key| key.tokens.is_empty()) && !ignores;
    let of_keys = keys.into_iter().map(|key| key.admitted(end));
    let requests = of_keys.fold(0, u64::saturating_add);
    Ok(Bound {
        arrivals,
        requests: requests.min(arrivals),
        exact,
    })
}

/// The limits of a key.
struct Key {
    charge: Charge,
    requests: Requests,
    tokens: Vec<Supply>,
    /// What each limit admits at once: who asks for more is never admitted.
    most: Vec<(Dimension, u64)>,
}

impl Key {
    fn new(provider: &Provider, start: Timestamp, end: Timestamp) -> Self {
        let is_request = |rate: &&RateLimit| rate.counts == Dimension::Requests;
        let (requests, tokens): (Vec<_>, Vec<_>) =
            limiters::rates(&provider.limits).partition(is_request);
        Self {
            charge: provider.charge,
            tokens: tokens
                .iter()
                .map(|rate| Supply::new(rate, &requests, end))
                .collect(),
            requests: Requests::new(&requests, start),
            most: limiters::rates(&provider.limits)
                .map(|rate| (rate.counts, rate.quota.burst()))
                .collect(),
        }
    }

    fn arrive(&mut self, job: &Job) {
        let demand = provider::at_admission(self.charge, job);
        let fits = |(counts, most): &(Dimension, u64)| counts.cost(demand) <= *most;
        if !self.most.iter().all(fits) {
            return;
        }
        self.requests.arrive(job.at);
        let demand = provider::in_total(self.charge, job);
        for supply in &mut self.tokens {
            supply.arrive(job.at, demand);
        }
    }

    fn admitted(self, end: Timestamp) -> u64 {
        let by_requests = self.requests.admitted(end);
        let by_tokens = self.tokens.into_iter().map(Supply::admitted).min();
        by_requests.min(by_tokens.unwrap_or(u64::MAX))
    }
}

/// Whether anything in a scenario can only make less possible than the bound says.
fn ignores(scenario: &Scenario) -> bool {
    let of_provider = |provider: &Provider| {
        provider.limits.len() > limiters::rates(&provider.limits).count()
            || provider.error_rate.get() > 0.0
            || !provider.outages.is_empty()
    };
    let mut strategies = scenario.strategies.iter();
    scenario.providers.iter().any(of_provider)
        || strategies.any(|strategy| strategy.deadline_s.is_some())
}

/// The limits on requests, and the schedule that sends each as soon as it conforms.
struct Requests {
    limiters: Vec<Box<dyn Limiter>>,
    waiting: u64,
    now: Timestamp,
    admitted: u64,
}

impl Requests {
    fn new(rates: &[&RateLimit], start: Timestamp) -> Self {
        let limiters = rates.iter().map(|rate| limiters::limiter(rate, start));
        Self {
            limiters: limiters.collect(),
            waiting: 0,
            now: start,
            admitted: 0,
        }
    }

    fn arrive(&mut self, at: Timestamp) {
        self.serve_until(at);
        self.now = self.now.max(at);
        self.waiting += 1;
    }

    /// Serves everything that can be served before `end`.
    fn serve_until(&mut self, end: Timestamp) {
        while self.waiting > 0 && self.now < end {
            let denied = self
                .limiters
                .iter()
                .filter_map(|it| it.check(self.now, 1).err());
            match denied.reduce(Denied::and).map(Denied::retry_at) {
                None => {
                    for limiter in &mut self.limiters {
                        limiter.charge(self.now, 1);
                    }
                    self.waiting -= 1;
                    self.admitted += 1;
                }
                Some(Some(at)) if at < end => self.now = at,
                // Not before the next arrival, or never.
                Some(_) => return,
            }
        }
    }

    fn admitted(mut self, end: Timestamp) -> u64 {
        self.serve_until(end);
        self.admitted
    }
}
