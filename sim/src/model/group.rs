use std::{cmp::Reverse, collections::BinaryHeap};

use paceline_core::{Denied, Dimension, Quota, Timestamp};

use super::{adjust::Adjust, cost, limiters};
use crate::{
    scenario::{
        limit::{Kind, RateLimit},
        provider::{Charge, Provider},
    },
    workload::Job,
};

/// Limits that count the same, and the schedule that serves the smallest request first.
pub(super) struct Group {
    counts: Dimension,
    charge: Charge,
    limiters: Vec<Box<dyn Adjust>>,
    /// When the quotas change, and to which, the last time first.
    changes: Vec<(Timestamp, Vec<Quota>)>,
    /// Requests may be split, because what a window does not spend is lost.
    splits: bool,
    /// What waiting requests still need, smallest first.
    waiting: BinaryHeap<Reverse<u64>>,
    /// If limits on tokens change: all cells that were spent, and what every request costs.
    pool: Option<(u128, Vec<u64>)>,
    now: Timestamp,
    admitted: u64,
}

impl Group {
    /// Makes it of the rate limits of a provider with these places among them; there is at least one.
    pub(super) fn new(provider: &Provider, places: &[usize], start: Timestamp) -> Self {
        let at = |limits| -> Vec<&RateLimit> {
            let all: Vec<_> = limiters::rates(limits).collect();
            places.iter().map(|&place| all[place]).collect()
        };
        let rates = at(&provider.limits);
        let counts = rates
            .first()
            .map_or(Dimension::Requests, |rate| rate.counts);
        let keeps = |rate: &&RateLimit| {
            matches!(
                rate.kind,
                Kind::Gcra | Kind::TokenBucket | Kind::SteppedBucket
            )
        };
        let tokens = counts != Dimension::Requests;
        let changes_tokens = tokens && !provider.upgrades.is_empty();
        let changes = provider.upgrades.iter().rev().map(|upgrade| {
            let quotas = at(&upgrade.limits).into_iter().map(|rate| rate.quota);
            (start.saturating_add(upgrade.at.get()), quotas.collect())
        });
        Self {
            counts,
            charge: provider.charge,
            limiters: rates
                .iter()
                .map(|rate| limiters::limiter(rate, start))
                .collect(),
            changes: changes.collect(),
            splits: changes_tokens || tokens && !rates.iter().all(keeps),
            pool: changes_tokens.then(Default::default),
            waiting: BinaryHeap::new(),
            now: start,
            admitted: 0,
        }
    }

    /// How many requests it has admitted.
    ///
    /// If limits on tokens change, it is how many of the smallest could have been admitted for all
    /// cells that were spent.
    pub(super) fn admitted(&self) -> u64 {
        let Some((spent, costs)) = &self.pool else {
            return self.admitted;
        };
        let mut costs = costs.clone();
        costs.sort_unstable();
        let sums = costs.iter().scan(0_u128, |sum, &cost| {
            *sum += u128::from(cost);
            Some(*sum)
        });
        self.admitted + sums.take_while(|sum| sum <= spent).count() as u64
    }

    /// Whether it may split requests, so that no real schedule need reach its number.
    pub(super) const fn splits(&self) -> bool {
        self.splits
    }

    /// Serves until the request arrives, and lets it wait.
    pub(super) fn arrive(&mut self, job: &Job) {
        self.serve_until(job.at);
        self.now = self.now.max(job.at);
        let cost = self.counts.cost(cost::in_total(self.charge, job));
        if cost == 0 {
            self.admitted += 1;
            return;
        }
        // A request that no limit admits, ever, is not waiting.
        let too_large = matches!(self.check(cost), Err(Denied::TooLarge { .. }));
        if !too_large || !self.changes.is_empty() {
            self.waiting.push(Reverse(cost));
            if let Some((_, costs)) = &mut self.pool {
                costs.push(cost);
            }
        }
    }

    /// Serves everything that can be served before `end`, under the limits of each time.
    pub(super) fn serve_until(&mut self, end: Timestamp) {
        while let Some((at, _)) = self.changes.last() {
            let at = *at;
            if at > end {
                break;
            }
            self.serve_unchanged_until(at);
            self.now = self.now.max(at);
            let (_, quotas) = self.changes.pop().unwrap_or_default();
            for (limiter, quota) in self.limiters.iter_mut().zip(quotas) {
                limiter.adjust(at, quota);
            }
        }
        self.serve_unchanged_until(end);
    }

    fn serve_unchanged_until(&mut self, end: Timestamp) {
        while let Some(&Reverse(cost)) = self.waiting.peek() {
            if self.now >= end {
                return;
            }
            match self.check(cost) {
                Ok(()) => {
                    self.charge(cost);
                    self.waiting.pop();
                    self.admitted += u64::from(self.pool.is_none());
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
        if let Some((spent, _)) = &mut self.pool {
            *spent += u128::from(cost);
        }
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
