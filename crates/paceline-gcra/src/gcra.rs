use paceline_core::{Denied, Limiter, Quota, Restore, Timestamp};

/// A limiter that spaces cells evenly and tolerates bursts.
///
/// From an idle state it admits up to [`Quota::burst`] cells at once; in any closed interval of
/// length `t` it admits at most `burst + limit * t / period` cells, and never fewer than that
/// allows. It decides exactly like a token bucket with continuous refill.
///
/// The state is one number, whatever the quota. A lagging `now` makes it stricter.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
/// use std::time::Duration;
///
/// let mut gcra = Gcra::new(Quota::per_second(2));
/// let now = Timestamp::EPOCH;
/// assert!(gcra.try_acquire(now, 2).is_ok());
///
/// let retry_at = now.saturating_add(Duration::from_millis(500));
/// assert_eq!(gcra.check(now, 1), Err(Denied::Until(retry_at)));
/// assert_eq!(gcra.check(retry_at, 1), Ok(()));
/// ```
#[derive(Clone, Debug)]
pub struct Gcra {
    quota: Quota,
    /// How long the burst lasts, in `1 / limit` nanoseconds.
    burst: u128,
    /// The theoretical arrival time, in `1 / limit` nanoseconds.
    tat: u128,
}

impl Gcra {
    /// Makes a limiter whose burst is unspent.
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            burst: quota.parts(quota.burst()),
            tat: 0,
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Enforces another quota from `now` on, without a fresh burst.
    ///
    /// What is available stays so, to a fraction of a cell, as far as the new burst reaches; a
    /// debt stays a debt. A limiter that was disabled or unlimited has nothing to carry over: it
    /// starts empty.
    pub fn set_quota(&mut self, now: Timestamp, quota: Quota) {
        if quota == self.quota {
            return;
        }
        let spent = self.spent(now);
        let next = Self::new(quota);
        let spent = match self.burst.checked_sub(spent) {
            Some(left) => {
                let left = self.quota.rescale(left, quota);
                next.burst.saturating_sub(left)
            }
            None => {
                let debt = self.quota.rescale(spent - self.burst, quota);
                next.burst.saturating_add(debt).saturating_add(1)
            }
        };
        self.quota = quota;
        self.burst = next.burst;
        self.tat = self.scale(now).saturating_add(spent);
    }

    /// What is charged and not yet replenished at `now`, in `1 / limit` nanoseconds, which is also
    /// `1 / period` cells.
    #[inline]
    fn spent(&self, now: Timestamp) -> u128 {
        self.tat.saturating_sub(self.scale(now))
    }

    /// `at` in `1 / limit` nanoseconds.
    #[inline]
    fn scale(&self, at: Timestamp) -> u128 {
        u128::from(at.as_nanos()) * u128::from(self.quota.limit())
    }
}

impl Limiter for Gcra {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.quota.burst();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        // A cost of zero conforms even while a debt is open.
        let room = self.burst - self.quota.parts(cost);
        match self.spent(now).checked_sub(room) {
            Some(wait) if wait > 0 && cost > 0 => {
                let nanos = self.quota.replenishes_in(wait);
                let retry_at = now.as_nanos().saturating_add(nanos);
                Err(Denied::Until(Timestamp::from_nanos(retry_at)))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        let span = self.quota.parts(cost);
        // Nothing is spent if the cost is zero or the quota unlimited.
        if span > 0 {
            self.tat = self.tat.max(self.scale(now)).saturating_add(span);
        }
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.quota.is_unlimited() {
            return u64::MAX;
        }
        let left = self.burst.saturating_sub(self.spent(now));
        let cells = left / u128::from(self.quota.period_nanos());
        u64::try_from(cells).unwrap_or(u64::MAX)
    }
}

impl Restore for Gcra {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        let restored = self.tat.saturating_sub(self.quota.parts(cells));
        // Never before `now`: a clock that lags would find more than a burst there.
        self.tat = restored.max(self.tat.min(self.scale(now)));
    }
}
