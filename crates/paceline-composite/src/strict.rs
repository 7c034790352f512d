use core::time::Duration;

use paceline_core::{Denied, Limiter, Restore, Timestamp};

use crate::{Receipt, Settle, SettleError, receipt::Issuer};

/// A limiter whose estimates are settled in constant time and space, never too generously.
///
/// *Promise.* While the clock does not run back, it never has more available than [`Settling`](crate::Settling), which is exact. What it
/// gives back falls short by at most a cell per settlement, and by what many overlapping
/// settlements with idle times between them make it doubt.
///
/// Giving back a whole surplus would be too generous once the limiter has idled: the surplus then
/// replenished of itself. The most that may be given back for a charge is therefore what was still
/// missing from a full burst at the fullest moment since.
///
/// # Why this is safe
///
/// A bucket that drains at a steady rate is, at `t`, missing at least what any interval `[s, t]`
/// charged less what replenished in it. Take the true costs: an interval may count too little only
/// by what was given back in it for charges before `s`. Given back is never more than what was
/// missing at `s`, less all that was given back since, so that the interval still counts enough.
/// The fullest moments lie just before a charge, so these are what is remembered; of the 32 kept,
/// the oldest two are merged to the stricter when there are more.
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
    minima: Minima,
    /// All that was ever given back, in cells.
    given_back: u64,
    /// The latest time seen: what is missing is never read at an earlier one.
    latest: Timestamp,
    issuer: Issuer,
}

impl<L: Restore> StrictSettling<L> {
    /// Wraps a limiter; its receipts live for ten minutes.
    pub fn new(limiter: L) -> Self {
        Self {
            limiter,
            minima: Minima::default(),
            given_back: 0,
            latest: Timestamp::EPOCH,
            issuer: Issuer::new(),
        }
    }

    /// The same limiter with receipts that live for `lifetime`.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.issuer.lifetime = lifetime;
        self
    }

    /// The limiter in its present state.
    pub const fn limiter(&self) -> &L {
        &self.limiter
    }

    /// Changes the limiter, such as its quota. Estimates that are open then stand.
    pub fn update(&mut self, change: impl FnOnce(&mut L)) {
        change(&mut self.limiter);
        self.minima.push(self.issuer.next_serial(), 0);
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
        let missing = self.missing().saturating_add(self.given_back);
        self.minima.push(self.issuer.next_serial(), missing);
        self.limiter.charge(now, estimate);
        self.issuer.issue(now, estimate)
    }

    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError> {
        let verified = self.issuer.verify(now, &receipt);
        if verified == Err(SettleError::Foreign) {
            return verified;
        }
        if let Some(overrun) = actual.checked_sub(receipt.estimate) {
            if overrun > 0 {
                self.charge(now, overrun);
            }
            return verified;
        }
        verified?;
        self.latest = self.latest.max(now);
        let since = self.minima.after(receipt.serial);
        let since = since.map_or(u64::MAX, |missing| missing.saturating_sub(self.given_back));
        let surplus = receipt.estimate - actual;
        let given_back = surplus.min(since);
        self.limiter.restore(self.latest, given_back);
        self.given_back = self.given_back.saturating_add(given_back);
        Ok(())
    }
}

/// For every charge, the least that was missing just before any later one.
///
/// Only charges before which less was missing than before any later one are kept: a stack of rising
/// values, in which the first entry after a serial answers for it.
#[derive(Clone, Debug, Default)]
struct Minima {
    /// Pairs of a serial and what was missing before it.
    kept: [(u64, u64); Self::KEPT],
    len: usize,
}

impl Minima {
    const KEPT: usize = 32;

    fn push(&mut self, serial: u64, missing: u64) {
        while self.len > 0 && self.kept[self.len - 1].1 >= missing {
            self.len -= 1;
        }
        if self.len == Self::KEPT {
            // The oldest answers for the second oldest too, whose value is higher.
            self.kept[1].1 = self.kept[0].1;
            self.kept.copy_within(1.., 0);
            self.len -= 1;
        }
        self.kept[self.len] = (serial, missing);
        self.len += 1;
    }

    /// The least that was missing before any charge after the one with this serial.
    fn after(&self, serial: u64) -> Option<u64> {
        let kept = &self.kept[..self.len];
        let first = kept.partition_point(|&(at, _)| at <= serial);
        kept.get(first).map(|&(_, missing)| missing)
    }
}
