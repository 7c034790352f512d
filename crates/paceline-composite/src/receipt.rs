use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use paceline_core::Timestamp;

use crate::SettleError;

/// The right to settle one estimate, once, with the limiter that took it.
///
/// Dropping it lets the estimate stand.
#[derive(Debug)]
#[must_use = "an estimate whose receipt is dropped stands"]
pub struct Receipt {
    brand: usize,
    pub(crate) serial: u64,
    pub(crate) estimate: u64,
    reserved_at: Timestamp,
}

impl Receipt {
    /// What was reserved, in cells.
    pub const fn estimate(&self) -> u64 {
        self.estimate
    }

    /// When it was reserved.
    pub const fn reserved_at(&self) -> Timestamp {
        self.reserved_at
    }
}

/// Writes receipts, and knows its own again.
///
/// A clone writes receipts of another brand, so that no receipt is honoured twice.
#[derive(Debug)]
pub(crate) struct Issuer {
    brand: usize,
    next_serial: u64,
    /// Receipts before this one are not honoured any more.
    first_serial: u64,
    /// In nanoseconds.
    lifetime: u64,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        /// Ten minutes, after which the official SDKs of OpenAI and Anthropic give up on a request.
        const LIFETIME: u64 = 600_000_000_000;

        Self {
            brand: new_brand(),
            next_serial: 0,
            first_serial: 0,
            lifetime: LIFETIME,
        }
    }

    /// States how long receipts live; those that are open, too.
    pub(crate) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = u64::try_from(lifetime.as_nanos()).unwrap_or(u64::MAX);
    }

    #[inline]
    pub(crate) fn issue(&mut self, now: Timestamp, estimate: u64) -> Receipt {
        let serial = self.next_serial;
        self.next_serial += 1;
        Receipt {
            brand: self.brand,
            serial,
            estimate,
            reserved_at: now,
        }
    }

    /// Honours none of the receipts that are open.
    pub(crate) const fn expire_all(&mut self) {
        self.first_serial = self.next_serial;
    }

    /// The serial of the next receipt.
    pub(crate) const fn next_serial(&self) -> u64 {
        self.next_serial
    }

    /// Checks that a receipt came from here and is still honoured.
    #[inline]
    pub(crate) fn verify(&self, now: Timestamp, receipt: &Receipt) -> Result<(), SettleError> {
        if receipt.brand != self.brand {
            return Err(SettleError::Foreign);
        }
        if receipt.serial < self.first_serial || self.has_expired(now, receipt.reserved_at) {
            return Err(SettleError::Expired);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn has_expired(&self, now: Timestamp, reserved_at: Timestamp) -> bool {
        now.as_nanos().saturating_sub(reserved_at.as_nanos()) > self.lifetime
    }
}

impl Clone for Issuer {
    fn clone(&self) -> Self {
        Self {
            brand: new_brand(),
            ..*self
        }
    }
}

/// A number that no other issuer of this process has.
fn new_brand() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Nothing else is published with it: only the numbers must differ.
    NEXT.fetch_add(1, Ordering::Relaxed)
}
