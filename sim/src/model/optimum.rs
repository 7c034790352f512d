//! The most requests that any schedule could get admitted: the yardstick of goodput.

use paceline_core::{Dimension, Timestamp};

use super::{group::Group, limiters, provider};
use crate::{
    engine::Streams,
    scenario::{Scenario, provider::Provider},
    workload::{Jobs, TraceError},
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
/// - When the limits change, limiters keep what they held: a cell that was not spent before leaves at
///   most one more afterwards, so that not to wait is still the best. For tokens, which request fits
///   may change as well, so the smallest first may be the wrong ones. Here all cells that could be
///   spent by the end are counted, and then the smallest requests that they pay for; the number is an
///   upper bound.
///
/// Several keys are bounded each by itself, as if every request could go to each of them, and the sum
/// bounds them together.
///
/// Latency, faults, outages, deadlines, tenants and limits on concurrency are ignored, which can only
/// make the bound larger. The whole is exact if there is a single group with an exact number, limits
/// do not change, and nothing was ignored. Each request is sent by itself: strategies that answer from a
/// cache or send several as one may get more done.
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
    let end = scenario.end();
    for group in keys.iter_mut().flatten() {
        group.serve_until(end);
    }
    let of_key = |groups: &Vec<Group>| {
        let admitted = groups.iter().map(Group::admitted);
        admitted.min().unwrap_or(arrivals)
    };
    let requests = keys.iter().map(of_key).fold(0, u64::saturating_add);
    let whole = |groups: &Vec<Group>| groups.len() <= 1 && !groups.iter().any(Group::splits);
    Ok(Bound {
        arrivals,
        requests: requests.min(arrivals),
        exact: keys.len() == 1 && keys.iter().all(whole) && !ignores(scenario),
    })
}

/// The limits of a key in groups that count the same.
fn groups(provider: &Provider, start: Timestamp) -> Vec<Group> {
    let rates: Vec<_> = limiters::rates(&provider.limits).collect();
    let is_request = |&place: &usize| rates[place].counts == Dimension::Requests;
    let (requests, others): (Vec<_>, Vec<_>) = (0..rates.len()).partition(is_request);
    let together = Some(requests).filter(|places| !places.is_empty());
    let alone = others.into_iter().map(|place| vec![place]);
    let each = together.into_iter().chain(alone);
    each.map(|places| Group::new(provider, &places, start))
        .collect()
}

/// Whether anything in a scenario can only make less possible than the bound says.
fn ignores(scenario: &Scenario) -> bool {
    let of_provider = |provider: &Provider| {
        provider.limits.len() > limiters::rates(&provider.limits).count()
            || !provider.upgrades.is_empty()
            || !provider.tenants.is_empty()
            || provider.error_rate.get() > 0.0
            || !provider.outages.is_empty()
    };
    let mut strategies = scenario.strategies.iter();
    scenario.providers.iter().any(of_provider)
        || strategies.any(|strategy| strategy.deadline_s.is_some())
}
