use core::time::Duration;

use super::{Delay, Shape, nanos};
use crate::BackoffError;

/// `unit` times 1, 1, 2, 3, 5 and so on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fibonacci {
    unit: u64,
}

impl Delay {
    /// `unit`, times 1, 1, 2, 3, 5, 8 and so on.
    ///
    /// It grows more gently than doubling: by 1.6 for each retry in the long run.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `unit`.
    pub const fn fibonacci(unit: Duration, cap: Duration) -> Result<Self, BackoffError> {
        let shape = Shape::Fibonacci(Fibonacci { unit: nanos(unit) });
        Self::capped(shape, unit, cap)
    }
}

impl Fibonacci {
    /// The delay, or anything above `cap` if it exceeds that.
    pub(super) fn nominal(&self, retry: u32, cap: u64) -> u64 {
        let (mut current, mut next) = (self.unit, self.unit);
        // The sum reaches any cap in 93 steps, unless it stays zero.
        for _ in 0..retry {
            if current >= cap || current == 0 {
                break;
            }
            (current, next) = (next, current.saturating_add(next));
        }
        current
    }
}
