use alloc::{string::String, vec::Vec};

use paceline_core::Dimension;

/// Something about usage that its owner wants to hear of, once.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum UsageEvent {
    /// Usage has reached a threshold.
    Reached {
        /// Whose usage.
        label: String,
        /// What was counted.
        #[cfg_attr(feature = "serde", serde(with = "crate::serde_dimension"))]
        dimension: Dimension,
        /// The threshold, in percent of the limit.
        percent: u8,
        /// What was used on this day.
        used: u64,
        /// The most that is to be used on a day.
        limit: u64,
        /// The day, counted from 1970-01-01, which is 0.
        day: i64,
    },
    /// Usage is well below a threshold that it had reached: another day began, or the limit rose.
    Eased {
        /// Whose usage.
        label: String,
        /// What was counted.
        #[cfg_attr(feature = "serde", serde(with = "crate::serde_dimension"))]
        dimension: Dimension,
        /// The threshold, in percent of the limit.
        percent: u8,
        /// The day, counted from 1970-01-01, which is 0.
        day: i64,
    },
}

/// One limit per day, and how near to it usage has come.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) dimension: Dimension,
    pub(crate) limit: u64,
    /// Whether each threshold was reported as reached, and not yet as eased.
    reached: [bool; PERCENTS.len()],
}

/// The house's thresholds, as in `paceline-quota`.
const PERCENTS: [u8; 3] = [80, 95, 100];

/// Usage eases so many points below a threshold, and not at every step back over it.
const HYSTERESIS: u8 = 5;

impl Watch {
    pub(crate) const fn new(dimension: Dimension, limit: u64) -> Self {
        Self {
            dimension,
            limit,
            reached: [false; PERCENTS.len()],
        }
    }

    /// Whether something was reported that has not eased yet.
    pub(crate) fn is_raised(&self) -> bool {
        self.reached.contains(&true)
    }

    /// Compares usage with each threshold, and reports what has changed sides.
    ///
    /// A limit of 0 is reached by the first use.
    pub(crate) fn compare(&mut self, label: &str, used: u64, day: i64) -> Vec<UsageEvent> {
        let (dimension, limit) = (self.dimension, self.limit);
        let is_at = |percent: u8| {
            used > 0 && u128::from(used) * 100 >= u128::from(limit) * u128::from(percent)
        };
        let mut events = Vec::new();
        for (percent, reached) in PERCENTS.into_iter().zip(&mut self.reached) {
            if !*reached && is_at(percent) {
                *reached = true;
                events.push(UsageEvent::Reached {
                    label: label.into(),
                    dimension,
                    percent,
                    used,
                    limit,
                    day,
                });
            } else if *reached && !is_at(percent - HYSTERESIS) {
                *reached = false;
                events.push(UsageEvent::Eased {
                    label: label.into(),
                    dimension,
                    percent,
                    day,
                });
            }
        }
        events
    }
}
