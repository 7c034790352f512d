use core::time::Duration;

use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_sliding_window::SlidingLog;
use paceline_token_bucket::TokenBucket;

/// What this client has spent of one limit, kept in the two ways in which providers count.
///
/// Counted in a log, no window of the period holds more than the limit, which is within what sliding logs,
/// windows of the clock and buckets allow. Only once it is known that the limit replenishes all the
/// time, a bucket decides instead, which does not make a client wait for a window to pass.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    log: SlidingLog,
    bucket: TokenBucket,
    /// Whether the bucket decides.
    pub(crate) steady: bool,
}

impl Own {
    /// Makes a record of nothing spent; the window is not zero.
    pub(crate) fn new(limit: u64, window: Duration) -> Self {
        Self {
            log: SlidingLog::new(quota(limit, stretched(window))),
            bucket: TokenBucket::new(quota(limit, window)),
            steady: false,
        }
    }

    /// Counts under another limit or window from `now` on; what was spent stays spent.
    pub(crate) fn set(&mut self, now: Timestamp, limit: u64, window: Duration) {
        self.log.set_quota(now, quota(limit, stretched(window)));
        self.bucket.set_quota(now, quota(limit, window));
    }
}

/// The window for which a charge counts here: a 64th longer, so that a request which travels faster than
/// those before it does not arrive within the window of the first.
pub(crate) fn stretched(window: Duration) -> Duration {
    window.saturating_add(window / 64)
}

/// A period that no quota can have disables, which is strict.
fn quota(limit: u64, period: Duration) -> Quota {
    Quota::new(limit, period).unwrap_or(Quota::per_second(0))
}

impl Limiter for Own {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        if self.steady {
            self.bucket.check(now, cost)
        } else {
            self.log.check(now, cost)
        }
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.log.charge(now, cost);
        self.bucket.charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.steady {
            self.bucket.available(now)
        } else {
            self.log.available(now)
        }
    }
}
