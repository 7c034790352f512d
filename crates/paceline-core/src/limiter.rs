use alloc::boxed::Box;
use core::{error, fmt, time::Duration};

use crate::Timestamp;

/// A rate limiter: a state machine that is told the time.
///
/// Deciding and spending are two calls, so that several limiters can be asked before any is
/// charged: [`check`](Self::check) takes `&self`, and what it answered still holds when
/// [`charge`](Self::charge) follows at the same `now`.
///
/// # Laws
///
/// Every implementation upholds these, and the tests of every limiter check them.
///
/// 1. *Agreement.* For `cost > 0`, `check(now, cost)` is `Ok` exactly when
///    `cost <= available(now)`. A cost of zero always conforms and changes nothing.
/// 2. *Punctuality.* If `check` answers `Denied::Until(t)`, then `cost` conforms at `t` and not
///    before, provided that nothing is charged in between.
/// 3. *Patience.* What conforms now conforms later, under the same proviso.
///
/// 4. *No gift from the past.* A `now` that runs backwards never panics and never frees capacity:
///    `available` does not fall as `now` grows.
///
/// A limit of zero is legal, and [`TooLarge`](Denied::TooLarge) for every cost above zero.
/// [`Timestamp::MAX`] stands for "never": the laws hold for answers before it.
///
/// # Examples
///
/// Asking several limiters before charging any keeps a refusal free of side effects:
///
/// ```
/// use paceline_core::{Denied, Limiter, Timestamp};
///
/// fn both(a: &mut impl Limiter, b: &mut impl Limiter, now: Timestamp) -> Result<(), Denied> {
///     match (a.check(now, 1), b.check(now, 1)) {
///         (Err(a), Err(b)) => return Err(a.and(b)),
///         (answer, Ok(())) | (Ok(()), answer) => answer?,
///     }
///     a.charge(now, 1);
///     b.charge(now, 1);
///     Ok(())
/// }
/// ```
pub trait Limiter {
    /// Asks whether `cost` cells conform at `now`.
    ///
    /// # Errors
    ///
    /// Says when to ask again, or that asking again is pointless.
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied>;

    /// Spends `cost` cells at `now`, whether or not they conform.
    ///
    /// Spending more than is available leaves a debt that replenishment pays off.
    fn charge(&mut self, now: Timestamp, cost: u64);

    /// The largest cost that conforms at `now`.
    fn available(&self, now: Timestamp) -> u64;

    /// Spends `cost` cells at `now` if they conform.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); a denied call changes nothing.
    fn try_acquire(&mut self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.check(now, cost)?;
        self.charge(now, cost);
        Ok(())
    }
}

impl<L: Limiter + ?Sized> Limiter for Box<L> {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        (**self).check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        (**self).charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        (**self).available(now)
    }
}

/// A refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denied {
    /// The cost conforms from this time on.
    Until(Timestamp),
    /// The cost exceeds the burst and will never conform.
    TooLarge {
        /// The largest cost that can ever conform.
        max: u64,
    },
}

impl Denied {
    /// When the cost conforms, or `None` if it never does.
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::Until(at) => Some(at),
            Self::TooLarge { .. } => None,
        }
    }

    /// How long to wait, or `None` if waiting is pointless.
    pub fn retry_after(self, now: Timestamp) -> Option<Duration> {
        Some(self.retry_at()?.saturating_duration_since(now))
    }

    /// The refusal of two limiters that must both agree: the later time, or the smaller maximum.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::TooLarge { max: a }, Self::TooLarge { max: b }) => {
                Self::TooLarge { max: a.min(b) }
            }
            (Self::TooLarge { max }, _) | (_, Self::TooLarge { max }) => Self::TooLarge { max },
            (Self::Until(a), Self::Until(b)) => Self::Until(a.max(b)),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(at) => write!(f, "rate limited until {at:?}"),
            Self::TooLarge { max } => write!(f, "cost exceeds the burst of {max}"),
        }
    }
}

impl error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_refusals_join_to_the_stricter() {
        let until = |nanos| Denied::Until(Timestamp::from_nanos(nanos));
        let too_large = |max| Denied::TooLarge { max };
        assert_eq!(until(3).and(until(5)), until(5));
        assert_eq!(until(3).and(too_large(7)), too_large(7));
        assert_eq!(too_large(7).and(until(3)), too_large(7));
        assert_eq!(too_large(7).and(too_large(6)), too_large(6));
    }

    #[test]
    fn a_wait_that_is_over_is_zero_and_a_pointless_one_is_none() {
        let now = Timestamp::from_nanos(10);
        let past = Denied::Until(Timestamp::from_nanos(4));
        assert_eq!(past.retry_after(now), Some(Duration::ZERO));
        assert_eq!(Denied::TooLarge { max: 1 }.retry_after(now), None);
    }
}
