use core::time::Duration;

use paceline_core::{Denied, Limiter, Restore, Timestamp};

use crate::{Receipt, Settle, SettleError, receipt::Issuer};

/// A limiter that gives back every surplus at once, and may thereby be too generous.
///
/// *Promise.* While the clock does not run back, it never has more available than a full burst, and never less than the exact
/// [`Settling`](crate::Settling) if no estimate is too low. In any interval it admits at most
/// `burst + limit * t / period` cells and what was given back in that interval.
///
/// *Risk.* A surplus that has replenished of itself is given back a second time. If estimates are
/// high and traffic comes in bursts, a provider that counts true costs refuses some requests in
/// every hundred. In return, more of the quota is used. Prefer [`Settling`](crate::Settling) or
/// [`StrictSettling`](crate::StrictSettling) unless a refusal costs nothing.
///
/// # Examples
///
/// ```
/// use paceline_composite::{OptimisticSettling, Settle};
/// use paceline_core::{Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
///
/// let mut tokens = OptimisticSettling::new(Gcra::new(Quota::per_minute(8_000)));
/// let now = Timestamp::EPOCH;
/// let receipt = tokens.reserve(now, 5_000)?;
/// tokens.settle(now, receipt, 1_200)?;
/// assert_eq!(tokens.available(now), 6_800);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OptimisticSettling<L> {
    limiter: L,
    issuer: Issuer,
}

impl<L: Restore> OptimisticSettling<L> {
    /// Wraps a limiter; its receipts live for ten minutes.
    pub fn new(limiter: L) -> Self {
        Self {
            limiter,
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

    /// Changes the limiter, such as its quota. Estimates that are open can still be settled.
    pub fn update(&mut self, change: impl FnOnce(&mut L)) {
        change(&mut self.limiter);
    }
}

impl<L: Restore> Limiter for OptimisticSettling<L> {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.limiter.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.limiter.charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.limiter.available(now)
    }
}

impl<L: Restore> Settle for OptimisticSettling<L> {
    fn charge_estimate(&mut self, now: Timestamp, estimate: u64) -> Receipt {
        self.limiter.charge(now, estimate);
        self.issuer.issue(now, estimate)
    }

    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError> {
        let verified = self.issuer.verify(now, &receipt);
        if verified == Err(SettleError::Foreign) {
            return verified;
        }
        match receipt.estimate.checked_sub(actual) {
            Some(surplus) => {
                verified?;
                self.limiter.restore(now, surplus);
            }
            None => self.limiter.charge(now, actual - receipt.estimate),
        }
        verified
    }
}
