use core::time::Duration;

use super::{Delay, Shape, nanos};
use crate::BackoffError;

/// `first * factor ^ retry`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Exponential {
    first: u64,
    factor: (u32, u32),
}

/// The largest denominator of a growth factor, which bounds the work of one decision: a nanosecond
/// that grows by 1/1000 reaches 584 years in 44 400 steps. Doubling takes one step, whatever the retry.
const LARGEST_DENOMINATOR: u32 = 1_000;

impl Delay {
    /// `first`, multiplied by `factor.0 / factor.1` for each retry.
    ///
    /// A whole factor is exact. With a fraction, a delay is rounded down by less than a nanosecond
    /// and one part in 2^32 for each retry.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `first`, if the factor is below 1, and if its denominator is not from
    /// 1 to 1000.
    pub const fn exponential(
        first: Duration,
        factor: (u32, u32),
        cap: Duration,
    ) -> Result<Self, BackoffError> {
        let (numerator, denominator) = factor;
        if denominator == 0 || denominator > LARGEST_DENOMINATOR || numerator < denominator {
            return Err(BackoffError::Factor);
        }
        let shape = Shape::Exponential(Exponential {
            first: nanos(first),
            factor,
        });
        Self::capped(shape, first, cap)
    }
}

impl Exponential {
    /// The delay, or anything above `cap` if it exceeds that.
    pub(super) fn nominal(&self, retry: u32, cap: u64) -> u64 {
        let (numerator, denominator) = self.factor;
        if denominator == 1 {
            return grown(self.first, numerator, retry);
        }
        if numerator == denominator || self.first == 0 {
            return self.first;
        }
        // 32 bits below the nanosecond keep a slow growth from being rounded away.
        let cap_parts = u128::from(cap) << 32;
        let mut parts = u128::from(self.first) << 32;
        for _ in 0..retry {
            // Below 2^96 times below 2^32 cannot overflow.
            parts = parts * u128::from(numerator) / u128::from(denominator);
            if parts >= cap_parts {
                return cap;
            }
        }
        u64::try_from(parts >> 32).unwrap_or(cap)
    }
}

/// `first * factor ^ times`, saturated at 584 years.
pub(super) fn grown(first: u64, factor: u32, times: u32) -> u64 {
    first.saturating_mul(u64::from(factor).saturating_pow(times))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rounds_down_and_by_less_than_it_says(
            first in 1..1_000_000_000_u64, numerator in 1..=16_u32, denominator in 1..=16_u32, retry in 0..=8_u32,
        ) {
            let factor = (numerator.max(denominator), denominator);
            let exponential = Exponential { first, factor };
            // At most 10^9 * 16^8, below 2^62.
            let exact = u128::from(first) * u128::from(factor.0).pow(retry) / u128::from(denominator).pow(retry);
            let nominal = u128::from(exponential.nominal(retry, u64::MAX));
            prop_assert!(nominal <= exact);
            prop_assert!(exact - nominal <= 1 + ((exact * u128::from(retry)) >> 32));
            if denominator == 1 {
                prop_assert_eq!(nominal, exact);
            }
        }
    }
}
