use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_quota::QuotaTracker;
use paceline_sliding_window::{SlidingCounter, SlidingLog};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

/// A limiter whose quota can change: what was spent stays spent, and no fresh burst is handed out.
pub(super) trait Adjust: Limiter {
    /// Enforces another quota of the same period from `now` on.
    fn adjust(&mut self, now: Timestamp, quota: Quota);
}

impl Adjust for Gcra {
    fn adjust(&mut self, now: Timestamp, quota: Quota) {
        self.set_quota(now, quota);
    }
}

impl Adjust for TokenBucket {
    fn adjust(&mut self, now: Timestamp, quota: Quota) {
        self.set_quota(now, quota);
    }
}

impl Adjust for SteppedBucket {
    fn adjust(&mut self, now: Timestamp, quota: Quota) {
        self.set_quota(now, quota);
    }
}

impl Adjust for SlidingLog {
    fn adjust(&mut self, now: Timestamp, quota: Quota) {
        self.set_quota(now, quota);
    }
}

impl Adjust for SlidingCounter {
    fn adjust(&mut self, now: Timestamp, quota: Quota) {
        self.set_quota(now, quota);
    }
}

impl Adjust for QuotaTracker {
    fn adjust(&mut self, _now: Timestamp, quota: Quota) {
        self.set_limit(quota.limit());
    }
}
