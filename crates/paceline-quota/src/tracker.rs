use alloc::vec::Vec;

use paceline_core::{Denied, Limiter, Quota, Timestamp};

use crate::{Alert, Thresholds, Window, ledger::Ledger};

/// One quota: a limit, a window, and what was used of it.
///
/// As a limiter it admits what is left and refuses until the window ends. A charge beyond the limit
/// is forgotten when its window is, as providers do. A `now` that lags counts in the latest window.
///
/// A limit of 0 is disabled; [`u64::MAX`] is no limit, and nothing is counted under it.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Limiter, Timestamp};
/// use paceline_quota::{QuotaTracker, Window};
/// use std::time::Duration;
///
/// let hour = |n: u64| Timestamp::from_nanos(n * 3_600_000_000_000);
/// let mut quota = QuotaTracker::new(100, Window::fixed(Duration::from_secs(86_400)));
/// assert!(quota.try_acquire(hour(2), 80).is_ok());
/// assert_eq!(quota.check(hour(9), 30), Err(Denied::Until(hour(26))));
///
/// // Twenty are left for the twelve hours to the reset.
/// let rate = quota.sustainable_rate(hour(14)).expect("there is a limit");
/// assert_eq!((rate.limit(), rate.period()), (20, Duration::from_secs(12 * 3_600)));
///
/// // The server counted more than we did.
/// quota.observe(hour(14), 5, None);
/// assert_eq!(quota.available(hour(14)), 5);
/// ```
#[derive(Clone, Debug)]
pub struct QuotaTracker {
    pub(crate) limit: u64,
    pub(crate) window: Window,
    pub(crate) ledger: Ledger,
    pub(crate) thresholds: Thresholds,
}

impl QuotaTracker {
    /// Makes a tracker of which nothing is used, with alerts at 80, 95 and 100 %.
    pub fn new(limit: u64, window: Window) -> Self {
        Self {
            limit,
            window,
            ledger: Ledger::default(),
            thresholds: Thresholds::default(),
        }
    }

    /// Sets when to report usage.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// Cells per window.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// The window.
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// Changes the limit; what was used stays used.
    pub const fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Cells used in the window at `now`, saturated.
    pub fn used(&self, now: Timestamp) -> u64 {
        u64::try_from(self.ledger.used(now)).unwrap_or(u64::MAX)
    }

    /// When the open window ends, or `None` if none is open; for a rolling window, when all of its
    /// present usage has left.
    pub fn resets_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.ledger.empties_at(now)
    }

    /// Takes the server's word for what remains, and for when the quota resets.
    ///
    /// More than the limit counts as the limit. Without a time, or with one that has passed, the
    /// window stays as it is known or opens now; after it, windows follow as configured.
    pub fn observe(&mut self, now: Timestamp, remaining: u64, resets_at: Option<Timestamp>) {
        let used = self.limit.saturating_sub(remaining);
        let known = self.ledger.empties_at(now);
        let leaves_at = resets_at
            .filter(|&at| at > now)
            .or(known)
            .unwrap_or_else(|| self.window.leaves_at(now));
        self.ledger.replace(leaves_at, used);
        // The end of the period moved; what was reported in it stays reported.
        for threshold in self.thresholds.iter_mut() {
            if known.is_some() && threshold.quiet_until == known {
                threshold.quiet_until = Some(leaves_at);
            }
        }
    }

    /// Reports each threshold that usage has crossed, once per period.
    ///
    /// Ask after every charge or observation. A threshold that usage falls below and crosses again
    /// within the same period is not reported again. For a rolling window the period begins with the
    /// report. Disabled and unlimited quotas report nothing.
    pub fn alerts(&mut self, now: Timestamp) -> Vec<Alert> {
        if matches!(self.limit, 0 | u64::MAX) {
            return Vec::new();
        }
        let used = self.ledger.used(now);
        let (limit, saturated) = (self.limit, self.used(now));
        let Some(resets_at) = self.ledger.empties_at(now) else {
            return Vec::new();
        };
        let rolling = self.window.rolling_period();
        let quiet_until = rolling.map_or(resets_at, |period| now.saturating_add(period));
        let crossed = self.thresholds.iter_mut().filter(|threshold| {
            let quiet = threshold.quiet_until.is_some_and(|until| now < until);
            !quiet && used * 100 >= u128::from(limit) * u128::from(threshold.percent)
        });
        crossed
            .map(|threshold| {
                threshold.quiet_until = Some(quiet_until);
                Alert {
                    percent: threshold.percent,
                    used: saturated,
                    limit,
                    resets_at,
                }
            })
            .collect()
    }

    /// The rate at which what is left lasts to the reset: so many cells over so much time.
    ///
    /// Without an open window, one that opens now is assumed. The burst is all that is left; give the
    /// quota another to spread it more evenly. A used-up quota is disabled until the reset. `None`
    /// means that there is no limit.
    pub fn sustainable_rate(&self, now: Timestamp) -> Option<Quota> {
        if self.limit == u64::MAX {
            return None;
        }
        let open = self.ledger.empties_at(now);
        let resets_at = open.unwrap_or_else(|| self.window.leaves_at(now));
        let rest = resets_at.saturating_duration_since(now);
        Quota::new(self.available(now), rest).ok()
    }
}

impl Limiter for QuotaTracker {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.limit;
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let used = self.ledger.used(now);
        if cost == 0 || max == u64::MAX || used + u128::from(cost) <= u128::from(max) {
            return Ok(());
        }
        Err(Denied::Until(self.ledger.falls_to(now, max - cost)))
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        if cost == 0 || self.limit == u64::MAX {
            return;
        }
        let leaves_at = match self.ledger.empties_at(now) {
            // An open window takes all charges until its end.
            Some(resets_at) if self.window.rolling_period().is_none() => resets_at,
            _ => self.window.leaves_at(now),
        };
        self.ledger.add(now, leaves_at, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        if self.limit == u64::MAX {
            return u64::MAX;
        }
        let left = u128::from(self.limit).saturating_sub(self.ledger.used(now));
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}
