use core::time::Duration;

use paceline_core::Rng;

use super::{Delay, Shape, exponential::grown, nanos};
use crate::{BackoffError, jitter::uniform};

/// A random walk from `base`, of which each step is at most three times the previous one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Decorrelated {
    base: u64,
}

const GROWTH: u32 = 3;

/// How long a walk is at most.
///
/// Its mean settles after some 60 steps if the cap is 400 times the base, and after some 300 if a
/// millisecond may become a day.
const LONGEST_WALK: u32 = 512;

impl Delay {
    /// Each delay is drawn between `base` and three times the previous one.
    ///
    /// Where the usual form cuts a draw off at the cap, so that up to 43 % of all delays are exactly
    /// the cap, this one draws uniformly up to the cap.
    ///
    /// The walk is drawn anew for each decision, as long as the retry's number says, so no state is
    /// kept between retries. Each delay has the distribution that it has in a walk; that it follows
    /// from the delay before it is lost.
    ///
    /// Source: M. Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `base`.
    pub const fn decorrelated(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        let shape = Shape::Decorrelated(Decorrelated { base: nanos(base) });
        Self::capped(shape, base, cap)
    }
}

impl Decorrelated {
    pub(super) fn draw(&self, retry: u32, cap: u64, rng: &mut (impl Rng + ?Sized)) -> u64 {
        let steps = retry.saturating_add(1).min(LONGEST_WALK);
        (0..steps).fold(self.base, |previous, _| {
            let most = previous.saturating_mul(u64::from(GROWTH)).min(cap);
            uniform(self.base, most, rng)
        })
    }

    pub(super) const fn shortest(&self) -> u64 {
        self.base
    }

    pub(super) fn longest(&self, retry: u32) -> u64 {
        grown(self.base, GROWTH, retry.saturating_add(1))
    }
}
