use alloc::collections::VecDeque;
use core::time::Duration;

use paceline_core::{Denied, Limiter, Timestamp};

use crate::{Receipt, Settle, SettleError, receipt::Issuer};

/// A limiter whose estimates are settled exactly, by replay.
///
/// *Promise.* After a settlement the limiter is in the state in which it would be had the true cost
/// been charged at once. It is never too generous and never stricter than needed.
///
/// A limiter is deterministic and reads no clock, so that state is found by replaying the charges
/// since the oldest one still open. Settling therefore takes time in proportion to these, some
/// nanoseconds each. At most [`MAX_OPEN`](Self::MAX_OPEN) charges are kept, settled ones among them:
/// when there are more, the oldest estimate stands. At a hundred requests a second, that is one of
/// 41 s ago. [`StrictSettling`](crate::StrictSettling) knows no such bound.
///
/// # Examples
///
/// ```
/// use paceline_composite::{Settle, Settling};
/// use paceline_core::{Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
///
/// let mut tokens = Settling::new(Gcra::new(Quota::per_minute(8_000)));
/// let now = Timestamp::EPOCH;
/// let receipt = tokens.reserve(now, 5_000)?;
/// assert_eq!(tokens.available(now), 3_000);
///
/// tokens.settle(now, receipt, 1_200)?;
/// assert_eq!(tokens.available(now), 6_800);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settling<L> {
    /// The state before the charges in `journal`.
    base: L,
    /// The state after them.
    current: L,
    /// The charges since the oldest open one, in order.
    journal: VecDeque<Entry>,
    issuer: Issuer,
}

#[derive(Clone, Debug)]
struct Entry {
    at: Timestamp,
    cost: u64,
    open: bool,
}

impl<L: Limiter + Clone> Settling<L> {
    /// How many charges since the oldest open one are kept.
    pub const MAX_OPEN: usize = 4096;

    /// Wraps a limiter; its receipts live for ten minutes.
    pub fn new(limiter: L) -> Self {
        Self {
            base: limiter.clone(),
            current: limiter,
            journal: VecDeque::new(),
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
        &self.current
    }

    /// Changes the limiter, such as its quota. Estimates that are open then stand.
    pub fn update(&mut self, change: impl FnOnce(&mut L)) {
        change(&mut self.current);
        self.base.clone_from(&self.current);
        self.journal.clear();
    }

    /// Charges, and keeps the charge for replay.
    fn record(&mut self, at: Timestamp, cost: u64, open: bool) -> Receipt {
        self.current.charge(at, cost);
        self.journal.push_back(Entry { at, cost, open });
        self.close(at);
        self.issuer.issue(at, cost)
    }

    /// Closes the oldest estimates that have expired or are too many, and forgets what no open
    /// estimate precedes.
    fn close(&mut self, now: Timestamp) {
        while let Some(oldest) = self.journal.front() {
            let expired = self.issuer.has_expired(now, oldest.at);
            if oldest.open && !expired && self.journal.len() <= Self::MAX_OPEN {
                break;
            }
            self.base.charge(oldest.at, oldest.cost);
            self.journal.pop_front();
        }
    }

    fn open_entry(&mut self, serial: u64) -> Option<&mut Entry> {
        let age = usize::try_from(self.issuer.next_serial() - serial).ok()?;
        let index = self.journal.len().checked_sub(age)?;
        self.journal.get_mut(index)
    }
}

impl<L: Limiter + Clone> Limiter for Settling<L> {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.current.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        if self.journal.is_empty() {
            // No open estimate precedes it, so it is never replayed.
            self.current.charge(now, cost);
            self.base.charge(now, cost);
        } else {
            // Nothing settles it: its receipt ends here.
            drop(self.record(now, cost, false));
        }
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.current.available(now)
    }
}

impl<L: Limiter + Clone> Settle for Settling<L> {
    fn charge_estimate(&mut self, now: Timestamp, estimate: u64) -> Receipt {
        self.record(now, estimate, true)
    }

    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError> {
        let verified = self.issuer.verify(now, &receipt);
        if verified == Err(SettleError::Foreign) {
            return verified;
        }
        let entry = match verified {
            Ok(()) => self.open_entry(receipt.serial),
            Err(_) => None,
        };
        let Some(entry) = entry else {
            let overrun = actual.saturating_sub(receipt.estimate);
            if overrun > 0 {
                self.charge(now, overrun);
            }
            return Err(SettleError::Expired);
        };
        let changed = entry.cost != actual;
        (entry.open, entry.cost) = (false, actual);
        // What need not be replayed any more goes first.
        self.close(now);
        if changed {
            self.current.clone_from(&self.base);
            for entry in &self.journal {
                self.current.charge(entry.at, entry.cost);
            }
        }
        Ok(())
    }
}
