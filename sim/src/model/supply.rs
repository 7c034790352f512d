use std::{collections::BinaryHeap, time::Duration};

use paceline_core::{Demand, Dimension, Timestamp};

use super::optimum::Phase;
use crate::scenario::limit::{Kind, RateLimit};

/// The most requests that a limit on tokens can admit by the end.
///
/// From any time `t` on, a limit supplies no more tokens than it can hold at `t` and gains until the end,
/// and requests that arrive from `t` on can have no others. So a set of requests is possible only if for
/// every `t` those that arrive from `t` on cost no more than the supply from then. The largest such set
/// is found by going back in time and leaving out the costliest whenever a supply is exceeded, as in
/// Moore, *An n job, one machine sequencing algorithm for minimizing the number of late jobs*, 1968, with
/// time reversed. The limits on requests, which supply places, are taken together with it.
pub(super) struct Supply {
    counts: Dimension,
    /// The place of the limit on tokens.
    tokens: usize,
    /// The places of the limits on requests.
    requests: Vec<usize>,
    phases: Vec<Phase>,
    /// What each request costs, in order of arrival.
    costs: Vec<u32>,
    /// When every [`STRIDE`]th of them arrived; to test only those makes the bound no less valid.
    arrivals: Vec<Timestamp>,
}

const STRIDE: usize = 16;

impl Supply {
    /// Makes it of the limits with these places among those of every phase.
    pub(super) fn new(tokens: usize, requests: &[usize], phases: Vec<Phase>) -> Self {
        let first = phases.first().and_then(|phase| phase.rates.get(tokens));
        Self {
            counts: first.map_or(Dimension::Tokens, |rate| rate.counts),
            tokens,
            requests: requests.to_owned(),
            phases,
            costs: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// Takes note of a request that every limit can admit.
    pub(super) fn arrive(&mut self, at: Timestamp, demand: Demand) {
        if self.costs.len().is_multiple_of(STRIDE) {
            self.arrivals.push(at);
        }
        let cost = self.counts.cost(demand);
        // What is too large to be kept exactly counts as less.
        self.costs.push(u32::try_from(cost).unwrap_or(u32::MAX));
    }

    /// The size of the largest set that no supply forbids.
    pub(super) fn admitted(self) -> u64 {
        let mut chosen = BinaryHeap::new();
        let mut sum = 0_u128;
        for (index, cost) in self.costs.iter().enumerate().rev() {
            chosen.push(*cost);
            sum += u128::from(*cost);
            if !index.is_multiple_of(STRIDE) {
                continue;
            }
            let Some(at) = self.arrivals.get(index / STRIDE) else {
                continue;
            };
            let supply = self.since(self.tokens, *at);
            let places = self.requests.iter().map(|place| self.since(*place, *at));
            let places = places.min().unwrap_or(u128::MAX);
            while sum > supply || chosen.len() as u128 > places {
                let Some(costliest) = chosen.pop() else {
                    break;
                };
                sum -= u128::from(costliest);
            }
        }
        chosen.len() as u64
    }

    /// The most cells that a limit can admit from `at` to the end.
    fn since(&self, place: usize, at: Timestamp) -> u128 {
        let left = self.phases.iter().filter(|phase| phase.until > at);
        let supply = left.map(|phase| {
            let span = phase.until.saturating_duration_since(phase.from.max(at));
            phase.rates.get(place).map_or(0, |rate| within(rate, span))
        });
        supply.sum()
    }
}

/// The most cells that a limit can admit in a span of time.
fn within(rate: &RateLimit, span: Duration) -> u128 {
    let quota = rate.quota;
    let (limit, period) = (u128::from(quota.limit()), quota.period());
    let periods = |period: Duration| span.as_nanos() / period.as_nanos().max(1);
    match rate.kind {
        Kind::Gcra | Kind::TokenBucket => {
            let gained = limit * span.as_nanos() / period.as_nanos().max(1);
            u128::from(quota.burst()) + gained
        }
        // A step may be due at once.
        Kind::SteppedBucket => u128::from(quota.burst()) + limit * (periods(period) + 1),
        // A window may end at once, and another begin just before the end.
        Kind::FixedWindow => limit * (periods(period) + 2),
        // The same, and no month is shorter than 28 days.
        Kind::Calendar { .. } => {
            let shortest = period.min(Duration::from_secs(28 * 86_400));
            limit * (periods(shortest) + 2)
        }
        Kind::SlidingLog | Kind::StrictCounter => limit * (periods(period) + 1),
        // Its estimate may admit up to twice the limit in a window.
        Kind::SlidingCounter => 2 * limit * (periods(period) + 1),
    }
}
