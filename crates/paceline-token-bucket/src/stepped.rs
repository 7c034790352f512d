use paceline_core::{Denied, Limiter, Quota, Restore, Timestamp};

/// A bucket of [`Quota::burst`] cells that gains [`Quota::limit`] cells at the end of every period.
///
/// Steps fall on whole periods after an anchor, whatever is charged in between. In any half-open
/// interval that contains `n` steps it admits at most `burst + n * limit` cells.
///
/// A charge beyond what is available leaves a debt that later steps pay off. A `now` before the
/// last charge counts as the time of that charge.
///
/// # Examples
///
/// A provider that enforces 600 requests a minute as 10 a second:
///
/// ```
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_token_bucket::SteppedBucket;
///
/// let mut bucket = SteppedBucket::new(Quota::per_second(10), Timestamp::EPOCH);
/// let now = Timestamp::from_nanos(300_000_000);
/// assert!(bucket.try_acquire(now, 10).is_ok());
///
/// let next_step = Timestamp::from_nanos(1_000_000_000);
/// assert_eq!(bucket.check(now, 1), Err(Denied::Until(next_step)));
/// assert_eq!(bucket.available(next_step), 10);
/// ```
#[derive(Clone, Debug)]
pub struct SteppedBucket {
    quota: Quota,
    /// What is missing from a full bucket after the step at `stepped_at`, in cells.
    missing: u128,
    /// The time of a step, at most the time of the last charge.
    stepped_at: Timestamp,
}

impl SteppedBucket {
    /// Makes a full bucket whose steps fall on whole periods after `anchor`.
    pub const fn new(quota: Quota, anchor: Timestamp) -> Self {
        Self {
            quota,
            missing: 0,
            stepped_at: anchor,
        }
    }

    /// Makes a bucket that holds `cells` at `anchor`, or the burst if that is less.
    pub const fn with_initial(quota: Quota, anchor: Timestamp, cells: u64) -> Self {
        Self {
            quota,
            missing: quota.burst().saturating_sub(cells) as u128,
            stepped_at: anchor,
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// How many cells are overdrawn at `now`.
    pub fn debt(&self, now: Timestamp) -> u64 {
        let debt = self
            .missing(now)
            .saturating_sub(u128::from(self.quota.burst()));
        u64::try_from(debt).unwrap_or(u64::MAX)
    }

    /// Enforces another quota from `now` on, without a fresh burst.
    ///
    /// The bucket keeps the cells that it holds, as far as the new burst reaches; a debt stays a
    /// debt. If the period changes, steps are counted from `now`, and what had passed of the current
    /// one is lost. A bucket that was disabled or unlimited starts empty.
    pub fn set_quota(&mut self, now: Timestamp, quota: Quota) {
        if quota == self.quota {
            return;
        }
        let missing = self.missing(now);
        let (old, new) = (u128::from(self.quota.burst()), u128::from(quota.burst()));
        let was_unlimited = self.quota.is_unlimited();
        self.missing = match old.checked_sub(missing) {
            Some(held) if !was_unlimited => new.saturating_sub(held),
            Some(_) => new,
            None => new.saturating_add(missing - old),
        };
        self.stepped_at = if quota.period() == self.quota.period() {
            self.last_step(now)
        } else {
            self.stepped_at.max(now)
        };
        self.quota = quota;
    }

    /// How many steps have been taken since `stepped_at`.
    fn steps(&self, now: Timestamp) -> u64 {
        let elapsed = now.as_nanos().saturating_sub(self.stepped_at.as_nanos());
        elapsed.checked_div(self.quota.period_nanos()).unwrap_or(0)
    }

    /// The time of the latest step that is not after `now`.
    fn last_step(&self, now: Timestamp) -> Timestamp {
        self.after_steps(self.steps(now))
    }

    /// The time of the step that is `steps` after `stepped_at`, rounded up to "never".
    fn after_steps(&self, steps: u64) -> Timestamp {
        let nanos = steps.saturating_mul(self.quota.period_nanos());
        Timestamp::from_nanos(self.stepped_at.as_nanos().saturating_add(nanos))
    }

    /// What is missing from a full bucket at `now`, in cells.
    fn missing(&self, now: Timestamp) -> u128 {
        if self.quota.is_unlimited() {
            return 0;
        }
        let gain = u128::from(self.steps(now)) * u128::from(self.quota.limit());
        self.missing.saturating_sub(gain)
    }
}

impl Limiter for SteppedBucket {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.quota.burst();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let room = u128::from(max - cost);
        if cost == 0 || self.missing(now) <= room {
            return Ok(());
        }
        let steps = (self.missing - room).div_ceil(u128::from(self.quota.limit()));
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        Err(Denied::Until(self.after_steps(steps)))
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        if cost > 0 && !self.quota.is_unlimited() {
            self.missing = self.missing(now).saturating_add(u128::from(cost));
            self.stepped_at = self.last_step(now);
        }
    }

    fn available(&self, now: Timestamp) -> u64 {
        let held = u128::from(self.quota.burst()).saturating_sub(self.missing(now));
        u64::try_from(held).unwrap_or(u64::MAX)
    }
}

impl Restore for SteppedBucket {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        self.missing = self.missing(now).saturating_sub(u128::from(cells));
        self.stepped_at = self.last_step(now);
    }
}
