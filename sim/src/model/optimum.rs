//! The most requests that any schedule could get admitted: the yardstick of goodput.

use std::{cmp::Reverse, collections::BinaryHeap};

use paceline_core::{Denied, Dimension, Limiter, Timestamp};

use super::{limiters, provider};
use crate::{
    engine::Streams,
    scenario::{
        Scenario,
        limit::{Kind, RateLimit},
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
/// these numbers bounds what is possible under all of them. For one group, the bound comes from
/// sending the smallest waiting request as soon as it conforms:
///
/// - Requests cost one cell each, and no schedule admits more by any time than one that never
///   waits. This number is exact.
/// - In a bucket of tokens, what is not spent is kept, up to the burst. Serving the smallest first
///   then admits the most by any time, as the shortest remaining processing time rule does (Schrage,
///   *A proof of the optimality of the shortest remaining processing time discipline*, 1968). This
///   number is exact.
/// - In a window of tokens, what is left at its end is lost. Here requests may be split between
///   windows, which no real schedule can do; the number is an upper bound.
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
    let mut keys: Vec<Vec<Group>> = provider::keys(&scenario.providers)
        .map(|(_, spec)| groups(spec, start))
        .collect();
    let mut jobs = Jobs::start(scenario, streams)?;
    let mut arrivals = 0;
    while let Some(job) = jobs.next_job()? {
        arrivals += 1;
        for group in keys.iter_mut().flatten() {
            group.arrive(&job);
        }
    }
    let end = start.saturating_add(scenario.duration());
    for group in keys.iter_mut().flatten() {
        group.serve_until(end);
    }
    let of_key = |groups: &Vec<Group>| {
        let admitted = groups.iter().map(|group| group.admitted);
        admitted.min().unwrap_or(arrivals)
    };
    let requests = keys.iter().map(of_key).fold(0, u64::saturating_add);
    let whole = |groups: &Vec<Group>| groups.len() <= 1 && !groups.iter().any(|it| it.splits);
    Ok(Bound {
        arrivals,
        requests: requests.min(arrivals),
        exact: keys.len() == 1 && keys.iter().all(whole) && !ignores(scenario),
    })
}

/// The limits of a key in groups that count the same.
fn groups(provider: &Provider, start: Timestamp) -> Vec<Group> {
    let rates = || limiters::rates(&provider.limits);
    let is_request = |rate: &&RateLimit| rate.counts == Dimension::Requests;
    let requests: Vec<_> = rates().filter(is_request).collect();
    let mut groups = Vec::new();
    if !requests.is_empty() {
        groups.push(Group::new(&requests, start, provider.charge));
    }
    for rate in rates().filter(|rate| !is_request(rate)) {
        groups.push(Group::new(&[rate], start, provider.charge));
    }
    groups
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

/// Limits that count the same, and the schedule that serves the smallest request first.
struct Group {
    counts: Dimension,
    charge: Charge,
    limiters: Vec<Box<dyn Limiter>>,
    /// Requests may be split, because what a window does not spend is lost.
    splits: bool,
    /// What waiting requests still need, smallest first.
    waiting: BinaryHeap<Reverse<u64>>,
    now: Timestamp,
    admitted: u64,
}

impl Group {
    fn new(rates: &[&RateLimit], start: Timestamp, charge: Charge) -> Self {
        let counts = rates
            .first()
            .map_or(Dimension::Requests, |rate| rate.counts);
        let keeps = |rate: &&RateLimit| {
            matches!(
                rate.kind,
                Kind::Gcra | Kind::TokenBucket | Kind::SteppedBucket
            )
        };
        Self {
            counts,
            charge,
            limiters: rates
                .iter()
                .map(|rate| limiters::limiter(rate, start))
                .collect(),
            splits: counts != Dimension::Requests && !rates.iter().all(keeps),
            waiting: BinaryHeap::new(),
            now: start,
            admitted: 0,
        }
    }

    /// Serves until the request arrives, and lets it wait.
    fn arrive(&mut self, job: &Job) {
        self.serve_until(job.at);
        self.now = self.now.max(job.at);
        let cost = self.counts.cost(provider::in_total(self.charge, job));
        if cost == 0 {
            self.admitted += 1;
            return;
        }
        // A request that no limit admits, ever, is not waiting.
        if !matches!(self.check(cost), Err(Denied::TooLarge { .. })) {
            self.waiting.push(Reverse(cost));
        }
    }

    /// Serves everything that can be served before `end`.
    fn serve_until(&mut self, end: Timestamp) {
        while let Some(&Reverse(cost)) = self.waiting.peek() {
            if self.now >= end {
                return;
            }
            match self.check(cost) {
                Ok(()) => {
                    self.charge(cost);
                    self.waiting.pop();
                    self.admitted += 1;
                }
                Err(_) if self.splits && self.available() > 0 => {
                    let part = self.available();
                    self.charge(part);
                    self.waiting.pop();
                    self.waiting.push(Reverse(cost - part));
                }
                Err(denied) => {
                    let ask = if self.splits {
                        self.check(1).err()
                    } else {
                        Some(denied)
                    };
                    match ask.and_then(Denied::retry_at) {
                        Some(at) if at < end => self.now = at,
                        // Not before the next arrival, which may be smaller.
                        _ => return,
                    }
                }
            }
        }
    }

    fn check(&self, cost: u64) -> Result<(), Denied> {
        let answers = self
            .limiters
            .iter()
            .map(|limiter| limiter.check(self.now, cost));
        answers
            .filter_map(Result::err)
            .reduce(Denied::and)
            .map_or(Ok(()), Err)
    }

    fn charge(&mut self, cost: u64) {
        for limiter in &mut self.limiters {
            limiter.charge(self.now, cost);
        }
    }

    fn available(&self) -> u64 {
        let available = self
            .limiters
            .iter()
            .map(|limiter| limiter.available(self.now));
        available.min().unwrap_or(u64::MAX)
    }
}
