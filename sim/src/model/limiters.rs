use std::time::Duration;

use paceline_composite::{OptimisticSettling, Settle, Settling, StrictSettling};
use paceline_core::{Limiter, Restore, Timestamp};
use paceline_gcra::Gcra;
use paceline_quota::{QuotaTracker, Window};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

use super::adjust::Adjust;
use crate::scenario::{
    admission::Settle as Policy,
    limit::{Kind, Limit, RateLimit},
};

/// The limits that count cells per period.
pub fn rates(limits: &[Limit]) -> impl Iterator<Item = &RateLimit> {
    limits.iter().filter_map(|limit| match limit {
        Limit::Rate(rate) => Some(rate),
        Limit::Concurrency(_) => None,
    })
}

/// The smallest of the limits on requests at a time.
pub(super) fn concurrency(limits: &[Limit]) -> Option<u64> {
    let limits = limits.iter().filter_map(|limit| match limit {
        Limit::Concurrency(most) => Some(*most),
        Limit::Rate(_) => None,
    });
    limits.min()
}

/// Makes the limiter of one rate limit, fresh at `start`.
pub(super) fn limiter(rate: &RateLimit, start: Timestamp) -> Box<dyn Adjust> {
    make(rate, start, Plain)
}

/// Makes the limiter of one rate limit whose estimates are settled by a policy.
pub(super) fn settling(rate: &RateLimit, policy: Policy, start: Timestamp) -> Box<dyn Settle> {
    make(rate, start, Settled(policy))
}

/// A limiter whose estimates stand as soon as time goes on.
pub(super) fn standing(limiter: impl Limiter + Clone + 'static) -> Box<dyn Settle> {
    Box::new(Settling::new(limiter).with_lifetime(Duration::ZERO))
}

fn make<W: Wrap>(rate: &RateLimit, start: Timestamp, wrap: W) -> W::Wrapped {
    let quota = rate.quota;
    match &rate.kind {
        Kind::Gcra => wrap.bucket(Gcra::new(quota)),
        Kind::TokenBucket => wrap.bucket(TokenBucket::new(quota)),
        Kind::SteppedBucket => wrap.bucket(SteppedBucket::new(quota, start)),
        Kind::SlidingLog => wrap.window(SlidingLog::new(quota)),
        Kind::SlidingCounter => wrap.window(SlidingCounter::new(quota, Estimate::Weighted)),
        Kind::StrictCounter => wrap.window(SlidingCounter::new(quota, Estimate::Conservative)),
        Kind::FixedWindow => {
            let window = Window::fixed(quota.period());
            wrap.window(QuotaTracker::new(quota.limit(), window))
        }
        Kind::Calendar { unit, zone } => {
            let window = Window::calendar(*unit, zone.clone());
            wrap.window(QuotaTracker::new(quota.limit(), window))
        }
    }
}

/// What to make of a limiter while its type is known.
trait Wrap {
    type Wrapped;

    /// Wraps one that can take cells back in constant time.
    fn bucket(self, limiter: impl Restore + Adjust + Clone + 'static) -> Self::Wrapped;

    /// Wraps any other.
    fn window(self, limiter: impl Adjust + Clone + 'static) -> Self::Wrapped;
}

struct Plain;

impl Wrap for Plain {
    type Wrapped = Box<dyn Adjust>;

    fn bucket(self, limiter: impl Restore + Adjust + Clone + 'static) -> Self::Wrapped {
        Box::new(limiter)
    }

    fn window(self, limiter: impl Adjust + Clone + 'static) -> Self::Wrapped {
        Box::new(limiter)
    }
}

struct Settled(Policy);

impl Wrap for Settled {
    type Wrapped = Box<dyn Settle>;

    fn bucket(self, limiter: impl Restore + Adjust + Clone + 'static) -> Self::Wrapped {
        match self.0 {
            Policy::Exact => Box::new(Settling::new(limiter)),
            Policy::Strict => Box::new(StrictSettling::new(limiter)),
            Policy::Optimistic => Box::new(OptimisticSettling::new(limiter)),
        }
    }

    /// Scenarios settle these exactly or not at all, which is checked when they are read.
    fn window(self, limiter: impl Adjust + Clone + 'static) -> Self::Wrapped {
        Box::new(Settling::new(limiter))
    }
}
