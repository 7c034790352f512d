use serde::{Deserialize, Serialize};

use super::Figure;
use crate::{
    results::{Comparison, Summary},
    statistics::Estimate,
};

/// What one point of a sweep led to.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Which point.
    pub point: usize,
    /// Requests that arrived, as a mean over replications.
    pub arrivals: f64,
    /// The most that any schedule could have got admitted.
    pub optimum: f64,
    /// One row per strategy.
    pub rows: Vec<Row>,
}

/// How one strategy fared at a point.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The name of the strategy.
    pub strategy: String,
    /// A mean and half the width of its interval for each of [`Figure::ALL`].
    figures: [Option<(f64, Option<f64>)>; Figure::ALL.len()],
}

impl Outcome {
    /// Takes what is kept of a comparison.
    pub(super) fn new(point: usize, comparison: &Comparison) -> Self {
        let row = |summary: &Summary| Row {
            strategy: summary.name.clone(),
            figures: Figure::ALL.map(|figure| {
                let estimate = figure.of(summary)?;
                Some((estimate.mean, estimate.half_width))
            }),
        };
        Self {
            point,
            arrivals: comparison.arrivals,
            optimum: comparison.optimum.requests,
            rows: comparison.strategies.iter().map(row).collect(),
        }
    }
}

impl Row {
    /// A figure; none if, say, nothing succeeded.
    pub fn figure(&self, figure: Figure) -> Option<Estimate> {
        let (mean, half_width) = self.figures[figure as usize]?;
        Some(Estimate { mean, half_width })
    }
}
