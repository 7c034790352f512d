use core::time::Duration;

use super::{Delay, Shape, nanos};
use crate::BackoffError;

/// `first + step * retry`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Linear {
    first: u64,
    step: u64,
}

impl Delay {
    /// The same delay each time, without a cap.
    pub const fn constant(delay: Duration) -> Self {
        Self::uncapped(Shape::Linear(Linear {
            first: nanos(delay),
            step: 0,
        }))
    }

    /// `first`, `first + step`, `first + 2 * step` and so on.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `first`.
    pub const fn linear(
        first: Duration,
        step: Duration,
        cap: Duration,
    ) -> Result<Self, BackoffError> {
        let shape = Shape::Linear(Linear {
            first: nanos(first),
            step: nanos(step),
        });
        Self::capped(shape, first, cap)
    }
}

impl Linear {
    pub(super) fn nominal(&self, retry: u32) -> u64 {
        let grown = self.step.saturating_mul(u64::from(retry));
        self.first.saturating_add(grown)
    }
}
