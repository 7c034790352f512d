use paceline_core::{Denied, Limiter, Quota, Timestamp};

/// A limiter that counts cells in two buckets, the current and the previous period.
///
/// Buckets begin at whole periods since the epoch. The state is three numbers, whatever the limit.
/// How the two buckets are taken together, and what that risks, is for [`Estimate`] to say.
///
/// A charge beyond the limit is a debt, which is forgotten when its bucket is. A `now` before the
/// bucket of the last charge counts as the begin of that bucket.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_sliding_window::{Estimate, SlidingCounter};
///
/// let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
/// let mut counter = SlidingCounter::new(Quota::per_minute(10), Estimate::Weighted);
/// assert!(counter.try_acquire(second(50), 10).is_ok());
/// // Half of the current minute has passed, so half of the previous one counts.
/// assert_eq!(counter.available(second(90)), 5);
/// assert_eq!(counter.check(second(90), 6), Err(Denied::Until(second(96))));
/// ```
#[derive(Clone, Debug)]
pub struct SlidingCounter {
    quota: Quota,
    estimate: Estimate,
    /// The number of the current bucket, in periods since the epoch.
    bucket: u64,
    current: u64,
    previous: u64,
}

/// How the previous bucket counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Estimate {
    /// By the part of it that a sliding window would still cover, rounded up.
    ///
    /// This is what most servers do. It assumes that the cells of the previous bucket came evenly. In
    /// the worst case all `limit` came at its very end, and the window that begins just before
    /// holds `2 * limit - 1` cells. Proof: at the offset `e` of `period`, the current bucket holds at
    /// most `limit - ceil(previous * (period - e) / period)` cells. With the previous bucket, that is
    /// at most `limit + floor(previous * e / period)`, and `previous` is at most `limit` and `e` below
    /// `period`.
    Weighted,
    /// Whole.
    ///
    /// A window touches two buckets at most, so no window ever holds more than the limit. The price
    /// is throughput: under constant demand, every second period is spent waiting.
    Conservative,
}

/// The two buckets as they stand at some time.
struct Buckets {
    /// The begin of the current one, in nanoseconds since the epoch.
    begin: u64,
    /// What is left of it, in nanoseconds; at least 1.
    rest: u64,
    current: u64,
    previous: u64,
}

impl SlidingCounter {
    /// Makes a limiter with empty buckets.
    pub const fn new(quota: Quota, estimate: Estimate) -> Self {
        Self {
            quota,
            estimate,
            bucket: 0,
            current: 0,
            previous: 0,
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Enforces another quota from `now` on.
    ///
    /// What both buckets hold stays charged. If the period changes, all of it counts as charged now,
    /// because buckets of another length cannot tell when it came.
    pub fn set_quota(&mut self, now: Timestamp, quota: Quota) {
        if quota.period() != self.quota.period() {
            let (current, previous) = match self.buckets(now) {
                Some(buckets) => (buckets.current, buckets.previous),
                None => (self.current, self.previous),
            };
            self.current = current.saturating_add(previous);
            self.previous = 0;
            self.bucket = now
                .as_nanos()
                .checked_div(quota.period_nanos())
                .unwrap_or(0);
        }
        self.quota = quota;
    }

    /// The buckets at `now`, or `None` if the quota is unlimited.
    fn buckets(&self, now: Timestamp) -> Option<Buckets> {
        let period = self.quota.period_nanos();
        let bucket = now.as_nanos().checked_div(period)?.max(self.bucket);
        let (current, previous) = match bucket - self.bucket {
            0 => (self.current, self.previous),
            1 => (0, self.current),
            _ => (0, 0),
        };
        let begin = bucket.saturating_mul(period);
        let elapsed = now.as_nanos().saturating_sub(begin);
        Some(Buckets {
            begin,
            rest: period - elapsed,
            current,
            previous,
        })
    }

    /// The cells that count at some time; at most 2^65.
    fn used(&self, buckets: &Buckets) -> u128 {
        let (current, previous) = (u128::from(buckets.current), u128::from(buckets.previous));
        match self.estimate {
            Estimate::Conservative => current + previous,
            Estimate::Weighted => {
                let weighted = previous * u128::from(buckets.rest);
                current + weighted.div_ceil(u128::from(self.quota.period_nanos()))
            }
        }
    }

    /// The first nanosecond at which `cost` conforms, which it does not now and can in time.
    fn retry_at(&self, buckets: &Buckets, cost: u64) -> Timestamp {
        let (limit, period) = (self.quota.limit(), self.quota.period_nanos());
        let begin = Timestamp::from_nanos(buckets.begin);
        let next = begin.saturating_add(self.quota.period());
        let room = limit - cost;
        match room.checked_sub(buckets.current) {
            // In this bucket, or at the begin of the next one, which is where the weight ends.
            Some(room) => match self.estimate {
                Estimate::Weighted => begin.saturating_add(waits(period, room, buckets.previous)),
                Estimate::Conservative => next,
            },
            // In the next bucket, when enough of this one has lost its weight.
            None => match self.estimate {
                Estimate::Weighted => next.saturating_add(waits(period, room, buckets.current)),
                Estimate::Conservative => next.saturating_add(self.quota.period()),
            },
        }
    }
}

/// How far into a bucket the previous one weighs at most `room` cells.
fn waits(period: u64, room: u64, previous: u64) -> core::time::Duration {
    // previous * rest / period, rounded up, is at most room if and only if this holds of rest:
    let most = u128::from(room) * u128::from(period) / u128::from(previous.max(1));
    let rest = u64::try_from(most).unwrap_or(u64::MAX).min(period);
    core::time::Duration::from_nanos(period - rest)
}

impl Limiter for SlidingCounter {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.quota.limit();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let Some(buckets) = self.buckets(now).filter(|_| cost > 0) else {
            return Ok(());
        };
        if self.used(&buckets) + u128::from(cost) <= u128::from(max) {
            return Ok(());
        }
        Err(Denied::Until(self.retry_at(&buckets, cost)))
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        let Some(buckets) = self.buckets(now).filter(|_| cost > 0) else {
            return;
        };
        self.bucket = buckets.begin / self.quota.period_nanos();
        self.previous = buckets.previous;
        self.current = buckets.current.saturating_add(cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        let Some(buckets) = self.buckets(now) else {
            return u64::MAX;
        };
        let left = u128::from(self.quota.limit()).saturating_sub(self.used(&buckets));
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}
