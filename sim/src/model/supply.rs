use std::{
    collections::{BinaryHeap, binary_heap::PeekMut},
    time::Duration,
};

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
///
/// Only the first arrival of each bin of requests is tested, which makes the bound no less valid. Up to two
/// million requests, a bin has [`STRIDE`] of them. What is more is kept coarser: bins grow, and in them costs
/// are rounded down to seven bits behind the first, by less than 0.8 %. Both can only make the bound larger.
pub(super) struct Supply {
    counts: Dimension,
    /// The place of the limit on tokens.
    tokens: usize,
    /// The places of the limits on requests.
    requests: Vec<usize>,
    phases: Vec<Phase>,
    /// In order of arrival.
    bins: Vec<Bin>,
    /// What the requests of each bin cost.
    items: Vec<Item>,
    /// How many requests fill a bin.
    stride: u32,
    /// How many are in the last one.
    in_last: u32,
    /// How many items are kept.
    most: usize,
}

/// Requests that arrived one after the other.
struct Bin {
    /// When the first of them arrived.
    from: Timestamp,
    /// The place of its first item.
    first: usize,
}

/// Requests that cost the same; what costs most comes first out of a heap.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Item {
    cost: u32,
    requests: u32,
}

const STRIDE: u32 = 16;
/// They take 16 MiB, and as much again while the largest set is sought.
const MOST: usize = 1 << 21;
/// How many bins become one, if there are too many items.
const MERGED: u8 = 4;

impl Supply {
    /// Makes it of the limits with these places among those of every phase.
    pub(super) fn new(tokens: usize, requests: &[usize], phases: Vec<Phase>) -> Self {
        let first = phases.first().and_then(|phase| phase.rates.get(tokens));
        Self {
            counts: first.map_or(Dimension::Tokens, |rate| rate.counts),
            tokens,
            requests: requests.to_owned(),
            phases,
            bins: Vec::new(),
            items: Vec::new(),
            stride: STRIDE,
            in_last: 0,
            most: MOST,
        }
    }

    /// Takes note of a request that every limit can admit.
    pub(super) fn arrive(&mut self, at: Timestamp, demand: Demand) {
        if self.items.len() >= self.most {
            self.coarsen();
            while self.items.len() > self.most / 2 && self.bins.len() > 1 {
                self.coarsen();
            }
        }
        if self.bins.is_empty() || self.in_last >= self.stride {
            let first = self.items.len();
            self.bins.push(Bin { from: at, first });
            self.in_last = 0;
        }
        self.in_last += 1;
        // What is too large to be kept exactly counts as less.
        let cost = u32::try_from(self.counts.cost(demand)).unwrap_or(u32::MAX);
        self.items.push(Item { cost, requests: 1 });
    }

    /// Makes one bin of several, and one item of those requests that cost about the same.
    fn coarsen(&mut self) {
        let (mut kept, mut last) = (0, 0);
        let mut bins = Vec::with_capacity(self.bins.len().div_ceil(MERGED.into()));
        let mut merged: Vec<Item> = Vec::new();
        for of in (0..self.bins.len()).step_by(MERGED.into()) {
            let next = self.bins.get(of + usize::from(MERGED));
            let end = next.map_or(self.items.len(), |bin| bin.first);
            merged.extend(&self.items[self.bins[of].first..end]);
            merged.sort_unstable_by_key(|item| item.cost);
            let from = self.bins[of].from;
            bins.push(Bin { from, first: kept });
            (last, kept) = (kept, kept);
            for item in merged.drain(..) {
                let cost = rounded_down(item.cost);
                match self.items[last..kept].last_mut() {
                    Some(same) if same.cost == cost => {
                        same.requests = same.requests.saturating_add(item.requests);
                    }
                    _ => {
                        self.items[kept] = Item { cost, ..item };
                        kept += 1;
                    }
                }
            }
        }
        self.items.truncate(kept);
        let in_last = self.items[last..].iter().map(|item| item.requests);
        self.in_last = in_last.fold(0, u32::saturating_add);
        if self.bins.len() > 1 {
            self.stride = self.stride.saturating_mul(MERGED.into());
        }
        self.bins = bins;
    }

    /// The size of the largest set that no supply forbids.
    pub(super) fn admitted(mut self) -> u64 {
        let mut chosen = BinaryHeap::new();
        let (mut sum, mut number) = (0_u128, 0_u128);
        while let Some(bin) = self.bins.pop() {
            for item in self.items.drain(bin.first..) {
                chosen.push(item);
                sum += u128::from(item.cost) * u128::from(item.requests);
                number += u128::from(item.requests);
            }
            let supply = self.since(self.tokens, bin.from);
            let places = self.requests.iter().map(|it| self.since(*it, bin.from));
            let places = places.min().unwrap_or(u128::MAX);
            while sum > supply || number > places {
                let Some(mut costliest) = chosen.peek_mut() else {
                    break;
                };
                let cost = u128::from(costliest.cost);
                let too_much = sum.saturating_sub(supply);
                let too_many = number.saturating_sub(places);
                let left_out = too_much
                    .checked_div(cost)
                    .map_or(0, |whole| whole + u128::from(whole * cost < too_much));
                let left_out = left_out.max(too_many).min(costliest.requests.into());
                sum -= cost * left_out;
                number -= left_out;
                costliest.requests -= u32::try_from(left_out).unwrap_or(u32::MAX);
                if costliest.requests == 0 {
                    PeekMut::pop(costliest);
                }
            }
        }
        u64::try_from(number).unwrap_or(u64::MAX)
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

/// A cost that many others have too, and that is no larger.
const fn rounded_down(cost: u32) -> u32 {
    let bits = u32::BITS - cost.leading_zeros();
    let dropped = bits.saturating_sub(8);
    cost >> dropped << dropped
}

#[cfg(test)]
mod tests;
