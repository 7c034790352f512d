//! The most requests that any schedule could get admitted: the yardstick of goodput.

use paceline_core::{Dimension, Timestamp};

use super::{cost, limiters, provider, requests::Requests, sessions::Earliest, supply::Supply};
use crate::{
    engine::Streams,
    scenario::{
        Scenario,
        limit::RateLimit,
        provider::{Charge, Provider},
        workload::Workload,
    },
    workload::{Job, Jobs, TraceError},
};

/// How many requests could be admitted by the end, at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// Requests that arrive, and count; in closed loops, those that could if answers took no time.
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
/// - Tokens: those that arrive from any time on cost no more than a limit can supply from then. This
///   number is an upper bound, as it lets requests be split. Only what is charged at admission counts:
///   answers that are charged when they are there overdraw a limit, by as many as are under way at once.
/// - When the limits change, limiters keep what they held: a cell that was not spent before leaves at
///   most one more afterwards, so that not to wait is still the best.
///
/// Several keys are bounded each by itself, as if every request could go to each of them, and the sum
/// bounds them together.
///
/// In closed loops no request can arrive earlier than if all answers before it took no time. Whatever a
/// schedule gets admitted, it could as well if requests came so early; so they are taken to, and this number
/// is an upper bound. It may be far above what is possible where answers take long.
///
/// Latency, faults, outages, servers, timeouts, deadlines, cancellations, tenants and limits on concurrency are
/// ignored, which can only make the bound larger. So can requests that arrive before anything counts: the schedule leaves them out, and
/// finds its limits unspent. The whole is exact if there is a single key, only requests are limited, limits do
/// not change, everything counts, and nothing was ignored. Each request is sent by itself: strategies that answer from a
/// cache or send several as one may get more done.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn optimum(scenario: &Scenario, streams: Streams) -> Result<Bound, TraceError> {
    let start = scenario.start();
    let end = scenario.end();
    let mut keys: Vec<Key> = provider::keys(&scenario.providers)
        .map(|(_, spec)| Key::new(spec, start, end))
        .collect();
    let mut jobs = Jobs::start(scenario, streams)?;
    let mut of_sessions = Earliest::new(scenario, streams)?;
    let mut open = jobs.next_job()?;
    let mut arrivals = 0;
    loop {
        let job = match (open, of_sessions.at()) {
            (Some(job), at) if at.is_none_or(|at| job.at <= at) => {
                open = jobs.next_job()?;
                job
            }
            (_, Some(_)) => match of_sessions.take() {
                Some(job) => job,
                None => continue,
            },
            (_, None) => break,
        };
        if job.at < scenario.counted_from() {
            continue;
        }
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
        let rates: Vec<_> = limiters::rates(&provider.limits).collect();
        let is_request = |&place: &usize| rates[place].counts == Dimension::Requests;
        let (requests, tokens): (Vec<_>, Vec<_>) = (0..rates.len()).partition(is_request);
        let phases = phases(provider, start, end);
        let most = |place: usize| {
            let quotas = phases.iter().map(|phase| phase.rates[place].quota.burst());
            (rates[place].counts, quotas.max().unwrap_or(u64::MAX))
        };
        Self {
            charge: provider.charge,
            most: (0..rates.len()).map(most).collect(),
            tokens: tokens
                .into_iter()
                .map(|place| Supply::new(place, &requests, phases.clone()))
                .collect(),
            requests: Requests::new(&requests, &phases, start),
        }
    }

    fn arrive(&mut self, job: &Job) {
        let demand = cost::at_admission(self.charge, job);
        let fits = |(counts, most): &(Dimension, u64)| counts.cost(demand) <= *most;
        if !self.most.iter().all(fits) {
            return;
        }
        self.requests.arrive(job.at);
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

/// A time in which the limits of a provider stay as they are.
#[derive(Clone)]
pub(super) struct Phase {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) rates: Vec<RateLimit>,
}

fn phases(provider: &Provider, start: Timestamp, end: Timestamp) -> Vec<Phase> {
    let first = (start, &provider.limits);
    let later = provider.upgrades.iter();
    let later = later.map(|it| (start.saturating_add(it.at.get()).min(end), &it.limits));
    let all: Vec<_> = [first].into_iter().chain(later).collect();
    let until = all.iter().skip(1).map(|(from, _)| *from).chain([end]);
    let phases = all.iter().zip(until).map(|((from, limits), until)| Phase {
        from: *from,
        until,
        rates: limiters::rates(limits).cloned().collect(),
    });
    phases.collect()
}

/// Whether anything in a scenario can only make less possible than the bound says.
fn ignores(scenario: &Scenario) -> bool {
    let of_provider = |provider: &Provider| {
        provider.limits.len() > limiters::rates(&provider.limits).count()
            || !provider.upgrades.is_empty()
            || !provider.tenants.is_empty()
            || provider.server.is_some()
            || provider.error_rate.get() > 0.0
            || provider.break_off_rate.get() > 0.0
            || !provider.outages.is_empty()
    };
    let mut strategies = scenario.strategies.iter();
    scenario.counted_from() > scenario.start()
        || scenario.providers.iter().any(of_provider)
        || scenario.workloads.iter().any(Workload::is_closed)
        || scenario.workloads.iter().any(Workload::may_end_early)
        || strategies.any(|it| it.deadline_s.is_some() || it.timeout_s.is_some())
}
