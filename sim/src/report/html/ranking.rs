use std::cmp::Ordering;

use crate::results::{Comparison, Summary};

/// The strategies by what they got done.
#[derive(Debug)]
pub(super) struct Ranking {
    /// Their places in the comparison; the one that got most done first, then the one that was refused less, then
    /// the faster one.
    pub(super) order: Vec<usize>,
    /// How many got as much done as the first.
    pub(super) tied: usize,
    /// How many, with the first, got done as much but for half a percent of the optimum.
    pub(super) near: usize,
    /// The place of the one of those that was refused least.
    pub(super) gentle: usize,
    /// The place of the one that the others are compared with.
    pub(super) baseline: usize,
}

/// Nobody chooses a strategy for less than this share of the optimum.
const NEAR: f64 = 0.005;
/// Charts begin with all strategies, if they are no more than these.
const FEW: usize = 5;

impl Ranking {
    pub(super) fn new(comparison: &Comparison) -> Self {
        let strategies = &comparison.strategies;
        let mut order: Vec<usize> = (0..strategies.len()).collect();
        order.sort_by(|&a, &b| by_success(&strategies[a], &strategies[b]));
        let baseline = strategies
            .iter()
            .position(|it| it.name == comparison.baseline);
        let most = order.first().map_or(0.0, |&best| strategies[best].goodput);
        let is_near = |&&it: &&usize| strategies[it].goodput >= most - NEAR;
        let near = order.iter().filter(is_near).count();
        let refused = |it: &usize| strategies[*it].refused;
        let near_ones = order[..near].iter();
        let gentle = near_ones.min_by(|a, b| refused(a).total_cmp(&refused(b)));
        let best = order.first().map(|&best| strategies[best].completed);
        let is_best = |&&it: &&usize| Some(strategies[it].completed) == best;
        Self {
            tied: order.iter().filter(is_best).count(),
            near,
            gentle: gentle.copied().unwrap_or(0),
            order,
            baseline: baseline.unwrap_or(0),
        }
    }

    /// Whether charts show the strategy with this place at first.
    pub(super) fn is_shown(&self, place: usize) -> bool {
        self.order.len() <= FEW
            || place == self.baseline
            || place == self.gentle
            || self.order.first() == Some(&place)
            || self.order.last() == Some(&place)
    }

    /// Which they show at first, unless all.
    pub(super) fn few(&self) -> Option<&'static str> {
        (self.order.len() > FEW).then_some("A few")
    }
}

fn by_success(a: &Summary, b: &Summary) -> Ordering {
    let p95 = |it: &Summary| it.latency.p95_s.unwrap_or(f64::INFINITY);
    b.completed
        .total_cmp(&a.completed)
        .then(a.refused.total_cmp(&b.refused))
        .then(p95(a).total_cmp(&p95(b)))
}
