use std::{fmt, str::FromStr};

use crate::{
    results::{Comparison, Summary},
    sweep::Figure,
};

/// A bound that a strategy has to keep, such as `refused<=1%` or `latency_p95_s<=30`.
///
/// A percentage refers to calls (refused, failed) or to arrivals (completed, abandoned, cancelled, unfinished).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constraint {
    figure: Figure,
    at_most: bool,
    bound: f64,
    percent: bool,
}

impl Constraint {
    /// What a strategy has of the bounded figure, in the unit of the bound; none if there is none.
    pub fn value(&self, comparison: &Comparison, summary: &Summary) -> Option<f64> {
        let mean = self.figure.of(summary)?.mean;
        if !self.percent {
            return Some(mean);
        }
        let whole = self.figure.whole(comparison, summary)?;
        Some(if whole > 0.0 {
            mean / whole * 100.0
        } else {
            0.0
        })
    }

    /// By how much it is broken, in the unit of the bound; 0 if it is kept, and infinite if there is nothing
    /// to measure.
    pub fn excess(&self, comparison: &Comparison, summary: &Summary) -> f64 {
        let Some(value) = self.value(comparison, summary) else {
            return f64::INFINITY;
        };
        let over = if self.at_most {
            value - self.bound
        } else {
            self.bound - value
        };
        over.max(0.0)
    }

    /// The name of what it bounds.
    pub const fn name(&self) -> &'static str {
        self.figure.name()
    }

    /// The sign behind its numbers.
    pub const fn unit(&self) -> &'static str {
        if self.percent { " %" } else { "" }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.at_most { "<=" } else { ">=" };
        write!(f, "{} {sign} {}{}", self.name(), self.bound, self.unit())
    }
}

impl FromStr for Constraint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            "expected FIGURE<=NUMBER, FIGURE>=NUMBER or either with a %, such as refused<=1%";
        let (name, at_most, bound) = match (text.split_once("<="), text.split_once(">=")) {
            (Some((name, bound)), None) => (name, true, bound),
            (None, Some((name, bound))) => (name, false, bound),
            _ => return Err(expected.to_owned()),
        };
        let figure: Figure = name.trim().parse()?;
        let bound = bound.trim();
        let (number, percent) = match bound.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (bound, false),
        };
        let bound: f64 = number.parse().map_err(|_| expected.to_owned())?;
        if !bound.is_finite() {
            return Err(expected.to_owned());
        }
        if percent && !figure.is_share_of_something() {
            return Err(format!("{} has no percentage", figure.name()));
        }
        Ok(Self {
            figure,
            at_most,
            bound,
            percent,
        })
    }
}
