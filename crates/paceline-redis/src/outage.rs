use std::{num::NonZeroU32, time::Duration};

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_sliding_window::SlidingCounter;

use crate::{SharedLimit, limit::Rule};

/// What holds while the store does not answer. There is no default: each of them is wrong for somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outage {
    /// Each process enforces an equal share of every limit, with limiters of its own.
    ///
    /// Right for limits per minute. `processes` is how many share the limits at most: with more, the
    /// shares add up to more than the limits. A share has a cell of burst at least. What was admitted
    /// meanwhile is charged to the store when it answers again.
    LocalShare {
        /// How many processes share the limits.
        processes: NonZeroU32,
    },
    /// Nothing is admitted. Right for quotas of a day or a month, and for budgets.
    Closed,
    /// Everything is admitted. What was admitted is charged to the store when it answers again.
    Open,
}

/// A process's share of a limit that replenishes all the time, at rest.
pub(crate) fn share(limit: &SharedLimit, processes: NonZeroU32) -> Option<Box<dyn Limiter + Send>> {
    let share = |quota: Quota| {
        let period = quota.period().saturating_mul(processes.get());
        let burst = (quota.burst() / u64::from(processes.get())).max(1);
        Quota::new(quota.limit(), period)
            .ok()?
            .with_burst(burst)
            .ok()
    };
    match &limit.rule {
        Rule::Gcra(quota) => Some(Box::new(Gcra::new(share(*quota)?))),
        Rule::Sliding(quota, estimate) => {
            let cells = (quota.limit() / u64::from(processes.get())).max(1);
            let quota = Quota::new(cells, quota.period()).ok()?;
            Some(Box::new(SlidingCounter::new(quota, *estimate)))
        }
        Rule::Quota(..) => None,
    }
}

/// Charges what the store granted, as far as the share reaches: whoever used more than its share
/// starts an outage empty, and not in debt.
pub(crate) fn shadow(share: &mut dyn Limiter, now: Timestamp, cost: u64) {
    share.charge(now, cost.min(share.available(now)));
}

/// How long a process that waits for its share lets pass before it asks whether the store is back.
pub(crate) const LOOK_AGAIN: Duration = crate::Store::PROBE_SPACING;
