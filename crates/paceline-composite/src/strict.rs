use core::time::Duration;

use paceline_core::{Denied, Limiter, Restore, Timestamp};

use crate::{Receipt, Settle, SettleError, receipt::Issuer};

/// A limiter whose estimates are settled in constant time and space, never too generously.
///
/// *Promise.* It never has more available than if the true costs had been charged at once, as with
/// [`Settling`](crate::Settling). Over up to 32 charges, overruns included, without idle times or debts
/// it falls short of that by at most a cell per settlement. Otherwise it gives back only what certainly
/// is still missing. A clock that lags makes it stricter.
///
/// Giving back a whole surplus would be too generous once the limiter has idled: the surplus then
/// replenished of itself. The most that may be given back for a charge is therefore what was still
/// missing from a full burst at the fullest moment since.
///
/// # Why this is safe
///
/// A bucket that drains at a steady rate is, at `t`, missing at least what any interval `[s, t]`
/// charged less what replenished in it. Take the true costs: an interval may count too little only
/// by what was given back in it for charges before `s`. All of that together is never more than what
/// was missing at `s`, so the interval still counts enough. The fullest moments lie just before a
/// charge, so these are what is remembered, each with what may still be given back across it. Of the
/// 32 kept, the closest two are merged to the stricter when there are more.
///
/// # Examples
///
/// ```
/// use paceline_composite::{Settle, StrictSettling};
/// use paceline_core::{Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
/// use std::time::Duration;
///
/// let mut tokens = StrictSettling::new(Gcra::new(Quota::per_second(100)));
/// let now = Timestamp::EPOCH;
/// let receipt = tokens.reserve(now, 90)?;
/// // Half a second later, 40 are missing: no more is given back, though 80 were not used.
/// let later = now.saturating_add(Duration::from_millis(500));
/// tokens.settle(later, receipt, 10)?;
/// assert_eq!(tokens.available(later), 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StrictSettling<L> {
    limiter: L,
    allowances: Allowances,
    /// The latest time seen: what is missing is never read at an earlier one.
    latest: Timestamp,
    issuer: Issuer,
}

impl<L: Restore> StrictSettling<L> {
    /// Wraps a limiter; its receipts live for ten minutes.
    pub fn new(limiter: L) -> Self {
        Self {
            limiter,
            allowances: Allowances::default(),
            latest: Timestamp::EPOCH,
            issuer: Issuer::new(),
        }
    }

    /// The same limiter with receipts that live for `lifetime`.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.issuer.set_lifetime(lifetime);
        self
    }

    /// The limiter in its present state.
    pub const fn limiter(&self) -> &L {
        &self.limiter
    }

    /// Changes the limiter, such as its quota. Estimates that are open then stand.
    pub fn update(&mut self, change: impl FnOnce(&mut L)) {
        change(&mut self.limiter);
        self.issuer.expire_all();
    }

    /// A lower bound on what is missing from a full burst, in cells.
    fn missing(&self) -> u64 {
        match self.limiter.check(self.latest, u64::MAX) {
            Err(Denied::TooLarge { max }) => {
                let available = self.limiter.available(self.latest);
                // Less than one more cell may be there than whole cells are.
                max.saturating_sub(available.saturating_add(1))
            }
            // Never full, or unlimited: nothing is known to be missing.
            Ok(()) | Err(Denied::Until(_)) => 0,
        }
    }
}

impl<L: Restore> Limiter for StrictSettling<L> {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.limiter.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        drop(self.charge_estimate(now, cost));
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.limiter.available(now)
    }
}

impl<L: Restore> Settle for StrictSettling<L> {
    fn charge_estimate(&mut self, now: Timestamp, estimate: u64) -> Receipt {
        self.latest = self.latest.max(now);
        let missing = self.missing();
        self.allowances.push(self.issuer.next_serial(), missing);
        // A clock that lags finds no time that has passed already.
        self.limiter.charge(self.latest, estimate);
        self.issuer.issue(now, estimate)
    }

    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError> {
        let verified = self.issuer.verify(now, &receipt);
        if verified == Err(SettleError::Foreign) {
            return verified;
        }
        self.latest = self.latest.max(now);
        if let Some(overrun) = actual.checked_sub(receipt.estimate) {
            if overrun > 0 {
                self.charge(now, overrun);
            }
            return verified;
        }
        verified?;
        let surplus = receipt.estimate - actual;
        let given_back = self.allowances.take(receipt.serial, surplus);
        self.limiter.restore(self.latest, given_back);
        Ok(())
    }
}

/// How much may still be given back across each moment just before a charge, for earlier charges.
///
/// Only moments whose allowance is below that of every later one are kept: a stack of rising values,
/// in which the first entry after a serial answers for it.
#[derive(Clone, Debug, Default)]
struct Allowances {
    /// Pairs of the serial of a charge and what may be given back for those before it.
    kept: [(u64, u64); Self::KEPT],
    len: usize,
}

impl Allowances {
    const KEPT: usize = 32;

    /// Adds the moment before the charge with this serial, the latest.
    fn push(&mut self, serial: u64, allowance: u64) {
        self.drop_before(self.len, allowance);
        if self.len == Self::KEPT {
            self.merge();
        }
        self.kept[self.len] = (serial, allowance);
        self.len += 1;
    }

    /// Gives back up to `surplus` for the charge with this serial: as much as every moment after it
    /// allows, and takes that from each of them.
    fn take(&mut self, serial: u64, surplus: u64) -> u64 {
        let first = self.kept[..self.len].partition_point(|&(before, _)| before <= serial);
        if first == self.len {
            return surplus;
        }
        let given_back = surplus.min(self.kept[first].1);
        for (_, allowance) in &mut self.kept[first..self.len] {
            *allowance -= given_back;
        }
        self.drop_before(first, self.kept[first].1);
        given_back
    }

    /// Drops the entries before `end` that allow at least as much as the later `allowance`.
    fn drop_before(&mut self, end: usize, allowance: u64) {
        let start = self.kept[..end].partition_point(|&(_, kept)| kept < allowance);
        self.kept.copy_within(end..self.len, start);
        self.len -= end - start;
    }

    /// Makes room: of the two neighbours that differ least, the earlier answers for the later too,
    /// whose allowance is higher.
    fn merge(&mut self) {
        let gap = |&later: &usize| self.kept[later].1 - self.kept[later - 1].1;
        let later = (1..self.len).min_by_key(gap).unwrap_or(1);
        self.kept[later].1 = self.kept[later - 1].1;
        self.kept.copy_within(later..self.len, later - 1);
        self.len -= 1;
    }
}
