use serde::Serialize;

use super::verdicts::words;
use crate::results::{self, Difference, Verdict};

/// What can be told from the baseline.
#[derive(Serialize)]
pub(super) struct Told {
    metric: &'static str,
    /// The strategy's less the baseline's; none if one of them has no such figure.
    difference: Option<f64>,
    /// Half the width of an interval that holds at 95 % together with those of all other differences.
    difference_ci95: Option<f64>,
    /// In plain words.
    verdict: String,
    /// About how many more replications would tell, if they would.
    more_replications: Option<u32>,
}

/// How sure it was to be.
#[derive(Serialize)]
pub(super) struct Precision<'a> {
    target: f64,
    reached: bool,
    worst: Option<f64>,
    worst_strategy: &'a str,
    worst_metric: &'static str,
}

impl From<&Difference> for Told {
    fn from(difference: &Difference) -> Self {
        Self {
            metric: difference.metric.name(),
            difference: difference.of.map(|of| of.mean),
            difference_ci95: difference.of.and_then(|of| of.half_width),
            verdict: words(difference.verdict),
            more_replications: match difference.verdict {
                Verdict::CannotTell { more } => more,
                _ => None,
            },
        }
    }
}

impl<'a> From<&'a results::Precision> for Precision<'a> {
    fn from(precision: &'a results::Precision) -> Self {
        let (strategy, metric) = &precision.least;
        Self {
            target: precision.target,
            reached: precision.reached,
            worst: precision.worst,
            worst_strategy: strategy,
            worst_metric: metric.name(),
        }
    }
}
