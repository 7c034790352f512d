use paceline_core::{Denied, Limiter, Quota, Restore, Timestamp};

/// A bucket of [`Quota::burst`] cells that refills at a steady `limit / period`.
///
/// In any closed interval of length `t` it admits at most `burst + limit * t / period` cells. It
/// decides exactly like the generic cell rate algorithm, but can start with any fill.
///
/// A charge beyond what is available leaves a debt that the refill pays off. A `now` before the
/// last charge counts as the time of that charge.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_token_bucket::TokenBucket;
///
/// let now = Timestamp::EPOCH;
/// let mut bucket = TokenBucket::with_initial(Quota::per_second(4), now, 1);
/// assert!(bucket.try_acquire(now, 1).is_ok());
///
/// let retry_at = Timestamp::from_nanos(250_000_000);
/// assert_eq!(bucket.check(now, 1), Err(Denied::Until(retry_at)));
/// assert_eq!(bucket.check(retry_at, 1), Ok(()));
/// ```
#[derive(Clone, Debug)]
pub struct TokenBucket {
    quota: Quota,
    /// The size of the bucket, in `1 / period` cells.
    capacity: u128,
    /// What is missing from a full bucket at `updated_at`, in `1 / period` cells.
    missing: u128,
    updated_at: Timestamp,
}

impl TokenBucket {
    /// Makes a full bucket.
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            capacity: quota.parts(quota.burst()),
            missing: 0,
            updated_at: Timestamp::EPOCH,
        }
    }

    /// Makes a bucket that holds `cells` at `now`, or the burst if that is less.
    pub const fn with_initial(quota: Quota, now: Timestamp, cells: u64) -> Self {
        let full = Self::new(quota);
        Self {
            missing: full.capacity.saturating_sub(quota.parts(cells)),
            updated_at: now,
            ..full
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// How many cells are overdrawn at `now`, rounded up.
    pub fn debt(&self, now: Timestamp) -> u64 {
        if self.quota.is_unlimited() {
            return 0;
        }
        let debt = self.missing(now).saturating_sub(self.capacity);
        let cells = debt.div_ceil(u128::from(self.quota.period_nanos()));
        u64::try_from(cells).unwrap_or(u64::MAX)
    }

    /// Enforces another quota from `now` on, without a fresh burst.
    ///
    /// The bucket keeps what it holds, to a fraction of a cell, as far as the new burst reaches; a
    /// debt stays a debt. A bucket that was disabled or unlimited has nothing to keep: it starts
    /// empty.
    pub fn set_quota(&mut self, now: Timestamp, quota: Quota) {
        if quota == self.quota {
            return;
        }
        let missing = self.missing(now);
        let next = Self::new(quota);
        self.missing = match self.capacity.checked_sub(missing) {
            Some(held) => {
                let held = self.quota.rescale(held, quota);
                next.capacity.saturating_sub(held)
            }
            None => {
                let debt = self.quota.rescale(missing - self.capacity, quota);
                next.capacity.saturating_add(debt).saturating_add(1)
            }
        };
        self.quota = quota;
        self.capacity = next.capacity;
        self.updated_at = self.updated_at.max(now);
    }

    /// What is missing from a full bucket at `now`, in `1 / period` cells.
    #[inline]
    fn missing(&self, now: Timestamp) -> u128 {
        let elapsed = now.as_nanos().saturating_sub(self.updated_at.as_nanos());
        let refill = u128::from(elapsed) * u128::from(self.quota.limit());
        self.missing.saturating_sub(refill)
    }
}

impl Limiter for TokenBucket {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.quota.burst();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let room = self.capacity - self.quota.parts(cost);
        match self.missing(now).checked_sub(room) {
            Some(short) if short > 0 && cost > 0 => {
                let nanos = self.quota.replenishes_in(short);
                let from = now.max(self.updated_at).as_nanos();
                let retry_at = Timestamp::from_nanos(from.saturating_add(nanos));
                Err(Denied::Until(retry_at))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        if cost > 0 {
            let missing = self.missing(now);
            self.missing = missing.saturating_add(self.quota.parts(cost));
            self.updated_at = self.updated_at.max(now);
        }
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.quota.is_unlimited() {
            return u64::MAX;
        }
        let held = self.capacity.saturating_sub(self.missing(now));
        let cells = held / u128::from(self.quota.period_nanos());
        u64::try_from(cells).unwrap_or(u64::MAX)
    }
}

impl Restore for TokenBucket {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        self.missing = self.missing(now).saturating_sub(self.quota.parts(cells));
        self.updated_at = self.updated_at.max(now);
    }
}
