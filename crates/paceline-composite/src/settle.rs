use alloc::boxed::Box;
use core::{error, fmt};

use paceline_core::{Denied, Limiter, Timestamp};

use crate::Receipt;

/// A limiter that takes an estimate now and the true cost later.
///
/// What a settlement gives back differs by policy, and each states its promise:
/// [`Settling`](crate::Settling), [`StrictSettling`](crate::StrictSettling),
/// [`OptimisticSettling`](crate::OptimisticSettling). What they share:
///
/// - a receipt is consumed when it is settled, and another limiter refuses it, a clone included;
/// - a receipt that is dropped lets its estimate stand;
/// - a receipt expires, after ten minutes unless stated otherwise, and its estimate stands;
/// - an actual above the estimate is always charged, even if the receipt has expired.
pub trait Settle: Limiter {
    /// Charges an estimate at `now`, whether or not it conforms.
    fn charge_estimate(&mut self, now: Timestamp, estimate: u64) -> Receipt;

    /// Replaces the estimate by the true cost, which may be higher.
    ///
    /// # Errors
    ///
    /// Fails if another limiter wrote the receipt, or if it has expired. The estimate then stands.
    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError>;

    /// Charges an estimate at `now` if it conforms.
    ///
    /// # Errors
    ///
    /// As for [`Limiter::check`]; a denied call changes nothing.
    fn reserve(&mut self, now: Timestamp, estimate: u64) -> Result<Receipt, Denied> {
        self.check(now, estimate)?;
        Ok(self.charge_estimate(now, estimate))
    }

    /// Settles with a cost of zero: the request was never sent.
    ///
    /// # Errors
    ///
    /// As for [`settle`](Self::settle).
    fn cancel(&mut self, now: Timestamp, receipt: Receipt) -> Result<(), SettleError> {
        self.settle(now, receipt, 0)
    }
}

impl<S: Settle + ?Sized> Settle for Box<S> {
    fn charge_estimate(&mut self, now: Timestamp, estimate: u64) -> Receipt {
        (**self).charge_estimate(now, estimate)
    }

    fn settle(&mut self, now: Timestamp, receipt: Receipt, actual: u64) -> Result<(), SettleError> {
        (**self).settle(now, receipt, actual)
    }
}

/// Why an estimate could not be settled; it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettleError {
    /// The receipt came from another limiter.
    Foreign,
    /// The receipt came too late, or after too many others, or the limiter was changed meanwhile.
    Expired,
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the receipt came from another limiter",
            Self::Expired => "the receipt has expired, so its estimate stands",
        })
    }
}

impl error::Error for SettleError {}
