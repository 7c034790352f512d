use alloc::boxed::Box;

use crate::{Limiter, Timestamp};

/// A limiter that can take cells back, in constant time.
///
/// This is the raw operation. It knows nothing of when the cells were spent: cells that would have
/// replenished anyway must not be restored as well. `paceline-composite` decides how many may be.
pub trait Restore: Limiter {
    /// Gives back up to `cells` cells at `now`, never beyond a full burst.
    ///
    /// A limiter that has not yet replenished `cells` by `now` is then as if they had not been
    /// charged. A `now` that lags restores no more than is missing at the latest charge.
    fn restore(&mut self, now: Timestamp, cells: u64);
}

impl<L: Restore + ?Sized> Restore for Box<L> {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        (**self).restore(now, cells);
    }
}
