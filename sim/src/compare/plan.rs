use crate::{
    results::{Metric, Precision},
    scenario::Scenario,
};

use super::gathered::Gathered;

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How many independent runs of every strategy.
    pub replications: Replications,
    /// The place of the strategy that the others are compared with.
    pub baseline: usize,
}

/// How many independent runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replications {
    /// So many.
    Fixed(u32),
    /// Ten at least, and more until goodput and mean p95 of every strategy are known well enough.
    Until {
        /// Half the widths of their intervals are at most this share of them.
        precision: f64,
        /// No more than so many.
        most: u32,
    },
}

/// What is known of a run while it goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// So many runs are planned, all in all, for now.
    Planned(u64),
    /// One of them is done.
    Done,
}

/// Fewer runs say little about their own spread.
const FEWEST: u32 = 10;

impl Replications {
    /// How many to begin with.
    pub(super) fn first(self) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::Until { most, .. } => FEWEST.min(most),
        }
    }

    /// How many to go on to after `count`, half as many again, if these are not enough.
    ///
    /// It depends on the results and nothing else, so not on the number of threads.
    pub(super) fn next(
        self,
        count: u32,
        scenario: &Scenario,
        gathered: &[Gathered],
    ) -> Option<u32> {
        match self {
            Self::Until { precision, most } if count < most => {
                let known = Precision::of(precision, scenario, gathered);
                (!known.reached).then(|| count.saturating_add((count / 2).max(1)).min(most))
            }
            _ => None,
        }
    }

    /// What was reached, if that was asked for.
    pub(super) fn precision(self, scenario: &Scenario, gathered: &[Gathered]) -> Option<Precision> {
        match self {
            Self::Until { precision, .. } => Some(Precision::of(precision, scenario, gathered)),
            Self::Fixed(_) => None,
        }
    }
}

impl Precision {
    /// How well the figures are known that were to be known so well.
    fn of(target: f64, scenario: &Scenario, gathered: &[Gathered]) -> Self {
        let mut precision = Self {
            target,
            worst: Some(0.0),
            least: (String::new(), Metric::Goodput),
            reached: true,
        };
        for (strategy, gathered) in scenario.strategies.iter().zip(gathered) {
            let figures = [
                (Metric::Goodput, gathered.goodput()),
                (Metric::LatencyP95, gathered.p95()),
            ];
            // Where nothing succeeded, there is no latency to be known.
            for (metric, estimate) in figures {
                let Some(estimate) = estimate else {
                    continue;
                };
                let share = estimate.half_width.map(|half| share(half, estimate.mean));
                precision.reached &= estimate.is_within(target);
                let is_worse = match (share, precision.worst) {
                    (Some(share), Some(worst)) => share >= worst,
                    (None, Some(_)) => true,
                    (_, None) => false,
                };
                if is_worse {
                    precision.worst = share;
                    precision.least = (strategy.name.clone(), metric);
                }
            }
        }
        precision
    }
}

/// Half the width of an interval as a share of its mean.
fn share(half: f64, mean: f64) -> f64 {
    if half > 0.0 { half / mean.abs() } else { 0.0 }
}
