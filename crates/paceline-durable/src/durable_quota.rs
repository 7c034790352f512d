use std::{fmt, sync::Arc};

use paceline_core::{Denied, Limiter, Restore, Timestamp};
use paceline_quota::Window;

use crate::{
    NotGranted, OpenError, QuotaId, Renewal, Store, StoreError, quota_id::rule_of,
    reservation::Reservation,
};

/// A quota whose count survives restarts and crashes.
///
/// It reserves cells by the lease: before the first of them is admitted, the [`Store`] holds a mark above the
/// last. After a crash everything below the mark counts as granted. So no cell is ever granted twice,
/// and a crash costs what was left of a lease. [`close`](Self::close), or dropping the quota, writes the exact
/// count, and costs nothing.
///
/// # What it writes, and when
///
/// [`check`](Limiter::check) makes durable what it admits: if the lease does not cover it, it writes a mark,
/// which takes as long as the disk takes, and answers then. It changes nothing that can be observed but
/// that, so the laws of [`Limiter`] hold. [`charge`](Limiter::charge) after it at the same `now` never writes.
/// [`renewal`](Self::renewal) lets another thread write the next lease before this one is used up.
///
/// A failure to write is final: from then on every cost is [`Denied::TooLarge`] with a maximum of 0, so
/// that nobody waits for it, and [`fault`](Self::fault) says why. [`grant`](Self::grant) returns it as an
/// error of its own. Open store and quota anew to go on.
///
/// # Windows
///
/// Fixed windows and those of the calendar. While the stored window has not ended, everything counts in it,
/// however far the clock was set back; a fixed window that was reserved and never begun ends no earlier than
/// was stored. `now` must be the time since 1970 on the clock of the wall, as it is compared across restarts.
///
/// A limit of 0 is disabled; [`u64::MAX`] is no limit, and nothing is counted or written under it.
///
/// # Threads, and others who wait
///
/// Share it behind a `Mutex`. It cannot be cloned, since two of them would grant the same cells twice; so a
/// throttle that holds one cannot play through what would be, and offers no `acquire_within`.
///
/// # Examples
///
/// ```
/// use paceline_core::{Limiter, Timestamp};
/// use paceline_durable::{DurableQuota, HighWaterFile, NotGranted, QuotaId};
/// use paceline_quota::Window;
/// use std::{sync::Arc, time::Duration};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quotas");
/// let (now, day) = (Timestamp::EPOCH, Duration::from_secs(86_400));
/// let open = || {
///     let store = Arc::new(HighWaterFile::open(&path)?);
///     let id = QuotaId::new("search team", "requests/day");
///     DurableQuota::open(store, id, 1_000, Window::fixed(day))
/// };
///
/// let mut quota = open()?;
/// quota.grant(now, 700)?;
/// drop(quota);
///
/// let mut quota = open()?;
/// assert_eq!(quota.available(now), 300);
/// assert!(matches!(quota.grant(now, 301), Err(NotGranted::Denied(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DurableQuota {
    limit: u64,
    window: Window,
    lease: Option<u64>,
    /// Cells used in the window that ends at `ends_at`.
    used: u64,
    ends_at: Timestamp,
    reservation: Arc<Reservation>,
}

/// The window that counts at some time.
#[derive(Clone, Copy)]
struct Current {
    ends_at: Timestamp,
    used: u64,
}

impl DurableQuota {
    /// Opens a quota, and counts everything up to its mark as used.
    ///
    /// # Errors
    ///
    /// Fails if the window rolls, if the quota was counted in another window, and if the store fails.
    pub fn open(
        store: Arc<dyn Store>,
        id: QuotaId,
        limit: u64,
        window: Window,
    ) -> Result<Self, OpenError> {
        if window.rolling_period().is_some() {
            return Err(OpenError::Rolling);
        }
        let rule = rule_of(&window);
        let mark = store.load(&id)?;
        if mark.is_some_and(|mark| mark.rule != rule) {
            return Err(OpenError::OtherWindow);
        }
        Ok(Self {
            limit,
            window,
            lease: None,
            used: mark.map_or(0, |mark| mark.granted_up_to),
            ends_at: mark.map_or(Timestamp::EPOCH, |mark| mark.ends_at),
            reservation: Arc::new(Reservation::new(store, id, rule, mark)),
        })
    }

    /// Sets how many cells are reserved at once; 0 counts as 1.
    ///
    /// A crash costs at most so many, or the largest cost that was asked for, and the disk is waited for
    /// once per lease. Without this a lease is a thousandth of the limit. In any case it is no more than a
    /// sixteenth of what is left, so that little is lost where little is left.
    #[must_use]
    pub fn with_lease(mut self, cells: u64) -> Self {
        self.lease = Some(cells);
        self
    }

    /// Grants `cost` cells at `now`, which are durable when this returns.
    ///
    /// # Errors
    ///
    /// Says when to ask again, that asking again is pointless, or that the store has failed; nothing was
    /// granted.
    pub fn grant(&mut self, now: Timestamp, cost: u64) -> Result<(), NotGranted> {
        self.try_acquire(now, cost).map_err(|denied| {
            self.fault()
                .map_or(NotGranted::Denied(denied), NotGranted::Store)
        })
    }

    /// Cells per window.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Changes the limit; what was used stays used.
    ///
    /// With more used than the new limit, nothing is left until the window ends.
    pub const fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Cells used in the window at `now`; after a crash, including those that may not have been.
    pub fn used(&self, now: Timestamp) -> u64 {
        self.current(now).used
    }

    /// When the open window ends, or `None` if none is open.
    pub fn resets_at(&self, now: Timestamp) -> Option<Timestamp> {
        let current = self.current(now);
        (current.used > 0).then_some(current.ends_at)
    }

    /// Why nothing is granted any more, if so.
    pub fn fault(&self) -> Option<Arc<StoreError>> {
        self.reservation.fault()
    }

    /// The next lease, once less than half of the present one is left.
    ///
    /// Write it on a thread that may wait for a disk, and `check` need not. There is one at a time.
    pub fn renewal(&self, now: Timestamp) -> Option<Renewal> {
        let Current { ends_at, used } = self.current(now);
        if used == 0 || self.limit == u64::MAX {
            return None;
        }
        let lease = self.lease(used);
        // A mark that was read counts as used, and may not be durable.
        let durable = self.reservation.granted_up_to(ends_at).max(used);
        let target = used.saturating_add(lease).min(self.limit);
        if target <= durable || durable - used > lease / 2 {
            return None;
        }
        Renewal::of(&self.reservation, ends_at, target)
    }

    /// Writes the exact count, so that nothing is lost.
    ///
    /// Dropping does the same in silence.
    ///
    /// # Errors
    ///
    /// Fails if the store does, or has before. Then the last mark stands.
    pub fn close(self) -> Result<(), Arc<StoreError>> {
        self.reservation.close(self.ends_at, self.used)
    }

    fn current(&self, now: Timestamp) -> Current {
        // A window that ends at the end of time never ends.
        let over = self.ends_at <= now && self.ends_at < Timestamp::MAX;
        if self.used > 0 && !over {
            let Self { ends_at, used, .. } = *self;
            return Current { ends_at, used };
        }
        let ends_at = self.window.leaves_at(now).max(self.reservation.ends_at());
        Current { ends_at, used: 0 }
    }

    /// How many cells to reserve at once, with so many used.
    fn lease(&self, used: u64) -> u64 {
        let lease = self.lease.unwrap_or(self.limit / 1_000);
        let left = self.limit.saturating_sub(used);
        lease.min(left / 16).max(1)
    }

    /// Makes the next `cost` cells durable.
    fn secure(&self, current: Current, cost: u64) -> Result<(), Arc<StoreError>> {
        let Current { ends_at, used } = current;
        let least = used.saturating_add(cost);
        let lease = used.saturating_add(self.lease(used));
        self.reservation.secure(ends_at, least, least.max(lease))
    }
}

/// A refusal because of a fault is `TooLarge` with a maximum of 0.
impl Limiter for DurableQuota {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        if cost == 0 {
            return Ok(());
        }
        if self.reservation.is_faulty() {
            return Err(Denied::TooLarge { max: 0 });
        }
        let max = self.limit;
        if max == u64::MAX {
            return Ok(());
        }
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let current = self.current(now);
        if cost > max.saturating_sub(current.used) {
            return Err(Denied::Until(current.ends_at));
        }
        self.secure(current, cost)
            .map_err(|_| Denied::TooLarge { max: 0 })
    }

    /// Spends cells, and makes them durable if `check` has not.
    ///
    /// If that fails they count until the process ends, and the quota grants nothing any more.
    fn charge(&mut self, now: Timestamp, cost: u64) {
        if cost == 0 || self.limit == u64::MAX {
            return;
        }
        let current = self.current(now);
        // `fault` tells of a failure; nothing of it was admitted.
        let _ = self.secure(current, cost);
        self.used = current.used.saturating_add(cost);
        self.ends_at = current.ends_at;
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.reservation.is_faulty() {
            return 0;
        }
        if self.limit == u64::MAX {
            return u64::MAX;
        }
        self.limit.saturating_sub(self.current(now).used)
    }
}

/// For estimates that are settled, with `OptimisticSettling`: a window gives nothing back of itself before it
/// ends, so nothing is given back twice within one.
///
/// What is given back stays durable as granted until the next mark, so a crash costs it in addition to the lease.
impl Restore for DurableQuota {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        if self.current(now).used > 0 {
            self.used = self.used.saturating_sub(cells);
        }
    }
}

impl Drop for DurableQuota {
    fn drop(&mut self) {
        let _ = self.reservation.close(self.ends_at, self.used);
    }
}

impl fmt::Debug for DurableQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableQuota")
            .field("limit", &self.limit)
            .field("window", &self.window)
            .field("used", &self.used)
            .field("ends_at", &self.ends_at)
            .field("fault", &self.fault())
            .finish_non_exhaustive()
    }
}
