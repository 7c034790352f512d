use paceline_core::{Dimension, Limiter, Timestamp};
use paceline_gcra::Gcra;
use paceline_quota::{QuotaTracker, Window};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

use crate::scenario::limit::{Kind, Limit, RateLimit};

/// Makes the limiters of all rate limits, each with what it counts.
pub(super) fn build(limits: &[Limit], start: Timestamp) -> Vec<(Dimension, Box<dyn Limiter>)> {
    let rates = limits.iter().filter_map(|limit| match limit {
        Limit::Rate(rate) => Some((rate.counts, limiter(rate, start))),
        Limit::Concurrency(_) => None,
    });
    rates.collect()
}

/// Makes the limiter of one rate limit; all are fresh at `start`.
pub(super) fn limiter(rate: &RateLimit, start: Timestamp) -> Box<dyn Limiter> {
    let quota = rate.quota;
    match &rate.kind {
        Kind::Gcra => Box::new(Gcra::new(quota)),
        Kind::TokenBucket => Box::new(TokenBucket::new(quota)),
        Kind::SteppedBucket => Box::new(SteppedBucket::new(quota, start)),
        Kind::SlidingLog => Box::new(SlidingLog::new(quota)),
        Kind::SlidingCounter => Box::new(SlidingCounter::new(quota, Estimate::Weighted)),
        Kind::StrictCounter => Box::new(SlidingCounter::new(quota, Estimate::Conservative)),
        Kind::FixedWindow => Box::new(QuotaTracker::new(
            quota.limit(),
            Window::fixed(quota.period()),
        )),
        Kind::Calendar { unit, zone } => {
            let window = Window::calendar(*unit, zone.clone());
            Box::new(QuotaTracker::new(quota.limit(), window))
        }
    }
}
