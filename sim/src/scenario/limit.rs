//! A limit, as a provider enforces it or a client keeps it.

use std::time::Duration;

use jiff::tz::TimeZone;
use paceline_core::{Dimension, Quota};
use paceline_quota::CalendarUnit;
use schemars::JsonSchema;
use serde::Deserialize;

use super::raw_limit::RawLimit;

/// A limit on requests, on tokens, or on requests at a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawLimit")]
#[schemars(with = "RawLimit")]
pub enum Limit {
    /// So many cells per period.
    Rate(RateLimit),
    /// So many requests under way at a time.
    Concurrency(u64),
}

/// So many cells per period.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// What is counted.
    pub counts: Dimension,
    /// Cells per period, and how many at once.
    pub quota: Quota,
    /// Whether the quota gives up rate for its burst, so that no window holds more than the limit.
    pub window_safe: bool,
    /// The name of the period, for people.
    pub per: String,
    /// By which algorithm.
    pub kind: Kind,
}

/// The algorithm of a limit.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The generic cell rate algorithm.
    Gcra,
    /// A token bucket with continuous refill.
    TokenBucket,
    /// A token bucket that gains its cells once per period.
    SteppedBucket,
    /// The exact sliding-window log.
    SlidingLog,
    /// Two buckets, weighted by the part of the period that has passed.
    SlidingCounter,
    /// Two buckets, both counted whole; never more than the limit in any window.
    StrictCounter,
    /// A window that opens with the first request after the last one closed.
    FixedWindow,
    /// A window of the calendar, in a time zone.
    Calendar {
        /// Its length.
        unit: CalendarUnit,
        /// In which it begins and ends.
        zone: TimeZone,
    },
}

impl Limit {
    /// The same with another number: a burst that was the limit becomes the new one, and another one
    /// stays, as far as the new limit reaches.
    pub(super) fn with_number(&self, limit: u64) -> Result<Self, String> {
        let rate = match self {
            Self::Concurrency(_) => return Ok(Self::Concurrency(limit)),
            Self::Rate(rate) => rate,
        };
        let (was, burst) = (rate.quota.limit(), rate.quota.burst());
        let burst = (rate.window_safe || burst != was).then(|| burst.min(limit).max(1));
        Ok(Self::Rate(RateLimit {
            quota: quota(limit, rate.quota.period(), burst, rate.window_safe)?,
            ..rate.clone()
        }))
    }
}

/// The quota of so many in a period.
pub(super) fn quota(
    limit: u64,
    period: Duration,
    burst: Option<u64>,
    window_safe: bool,
) -> Result<Quota, String> {
    let quota = match (window_safe, burst) {
        (true, burst) => Quota::window_safe(limit, period, burst.unwrap_or(1)),
        (false, Some(burst)) => Quota::new(limit, period).and_then(|q| q.with_burst(burst)),
        (false, None) => Quota::new(limit, period),
    };
    quota.map_err(|err| err.to_string())
}
