use alloc::vec::Vec;
use core::{error, fmt};

use paceline_core::Timestamp;

/// The shares of a quota at which its owner wants to hear of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Thresholds(Vec<Threshold>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) percent: u8,
    /// The end of the period in which it was reported last.
    pub(crate) quiet_until: Option<Timestamp>,
}

/// A threshold that was crossed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Alert {
    /// The threshold, in percent of the limit.
    pub percent: u8,
    /// Cells used, saturated.
    pub used: u64,
    /// Cells per period.
    pub limit: u64,
    /// When the quota resets; for a rolling window, when all of its present usage has left.
    pub resets_at: Timestamp,
}

/// The thresholds are not percentages from 1 to 100.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ThresholdError;

impl Thresholds {
    /// Reports at these percentages of the limit.
    ///
    /// # Errors
    ///
    /// Fails if one is not from 1 to 100.
    pub fn new(percents: &[u8]) -> Result<Self, ThresholdError> {
        let mut percents = percents.to_vec();
        percents.sort_unstable();
        percents.dedup();
        if percents.iter().any(|percent| !(1..=100).contains(percent)) {
            return Err(ThresholdError);
        }
        let fresh = |percent| Threshold {
            percent,
            quiet_until: None,
        };
        Ok(Self(percents.into_iter().map(fresh).collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Threshold> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Threshold> {
        self.0.iter_mut()
    }
}

impl Default for Thresholds {
    /// 80, 95 and 100 %.
    fn default() -> Self {
        let fresh = |percent| Threshold {
            percent,
            quiet_until: None,
        };
        Self([80, 95, 100].map(fresh).to_vec())
    }
}

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("thresholds must be percentages from 1 to 100")
    }
}

impl error::Error for ThresholdError {}
