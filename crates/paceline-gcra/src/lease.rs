use core::{error, fmt};

use paceline_core::Timestamp;

use crate::AtomicGcra;

/// Cells that were taken from an [`AtomicGcra`] together, to be handed out by one thread.
///
/// Handing out touches nothing that is shared. On drop, cells that were not handed out and the time
/// that was left go back if nobody used the limiter since the lease was granted; otherwise they are
/// lost, which is strict. Leaking the lease loses them too.
///
/// # Why it never over-admits
///
/// Let `B` be the burst and `T = period / limit`. Look at any closed window `[s, t]` and at the
/// calls and leases that hand out cells in it, in the order in which they changed the TAT.
///
/// - The first one finds or makes the TAT at least `s` before it adds its cells: a plain call
///   because it is made at `s` or later, a lease because it starts from its own end, and it hands
///   out a cell at `s` or later. From then on each adds at least `T` per cell, and nothing in
///   between takes any away.
/// - The last one is made, or granted, at `t` or earlier, and is admitted only if it leaves the TAT at
///   `t + B * T` or earlier.
///
/// So the cells in the window number at most `B + (t - s) / T`. Giving back replaces a grant by
/// the smaller one that would have served: the cells handed out, from the time of the last of
/// them on. It happens only while the TAT is still what the grant made it. As the TAT grows
/// otherwise, all that can have happened in between is that a later lease came and went unused.
///
/// # Examples
///
/// ```
/// use paceline_core::{Quota, Timestamp};
/// use paceline_gcra::{AtomicGcra, LeaseError};
/// use std::time::Duration;
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let gcra = AtomicGcra::new(Quota::per_second(1_000), now);
/// let mut lease = gcra.lease(now, 16, Duration::from_millis(5)).expect("it is idle");
/// assert_eq!(lease.try_acquire(now, 10), Ok(()));
/// assert_eq!(lease.try_acquire(now, 10), Err(LeaseError::TooFew { left: 6 }));
///
/// drop(lease);
/// assert_eq!(gcra.available(now), 990);
/// ```
#[derive(Debug)]
#[must_use = "cells that are not handed out go back at once"]
pub struct Lease<'a> {
    limiter: &'a AtomicGcra,
    grant: Grant,
    left: u64,
    /// When a cell was handed out last.
    last: Timestamp,
}

/// What a lease was granted, and what it made of the shared word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) cells: u64,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) prior: u64,
    pub(crate) next: u64,
}

impl<'a> Lease<'a> {
    pub(crate) const fn new(limiter: &'a AtomicGcra, grant: Grant) -> Self {
        Self {
            limiter,
            grant,
            left: grant.cells,
            last: grant.starts_at,
        }
    }

    /// Hands out `cost` cells at `now`.
    ///
    /// A `now` before the grant counts as the time of the grant. A cost of zero always conforms.
    ///
    /// # Errors
    ///
    /// Says why the lease does not cover it, and changes nothing. The limiter itself may.
    #[inline]
    pub fn try_acquire(&mut self, now: Timestamp, cost: u64) -> Result<(), LeaseError> {
        if cost == 0 {
            return Ok(());
        }
        if now > self.grant.ends_at {
            return Err(LeaseError::Expired);
        }
        let Some(left) = self.left.checked_sub(cost) else {
            return Err(LeaseError::TooFew { left: self.left });
        };
        self.left = left;
        self.last = self.last.max(now);
        Ok(())
    }

    /// The cells that are left to hand out, if the lease has not ended.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// The last time at which cells may be handed out.
    pub const fn ends_at(&self) -> Timestamp {
        self.grant.ends_at
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let used = self.grant.cells - self.left;
        self.limiter.give_back(self.grant, used, self.last);
    }
}

/// Why a lease does not cover a cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeaseError {
    /// Fewer cells are left than asked for.
    TooFew {
        /// How many are left.
        left: u64,
    },
    /// The lease has ended; what was left of it can only go back.
    Expired,
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { left } => write!(f, "only {left} cells of the lease are left"),
            Self::Expired => f.write_str("the lease has ended"),
        }
    }
}

impl error::Error for LeaseError {}
