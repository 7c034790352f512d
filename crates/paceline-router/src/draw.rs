use core::time::Duration;

use paceline_core::Rng;

/// A random whole number below `bound`; zero if that is zero.
///
/// The 64 random bits are multiplied by the bound. That favours no value by more than one part in
/// 2^64 / bound; where the bound exceeds 2^64, only about 2^64 of the values can come up.
pub(crate) fn below(bound: u128, rng: &mut (impl Rng + ?Sized)) -> u128 {
    let bits = u128::from(rng.next_u64());
    let (high, low) = (bound >> 64, bound & u128::from(u64::MAX));
    // bits * bound / 2^64, in two halves of which neither overflows.
    bits * high + ((bits * low) >> 64)
}

/// A random span from half of `most` to all of it.
pub(crate) fn upper_half(most: Duration, rng: &mut (impl Rng + ?Sized)) -> Duration {
    let half = most / 2;
    let width = (most - half).as_nanos() + 1;
    half + Duration::from_nanos(u64::try_from(below(width, rng)).unwrap_or(u64::MAX))
}

/// The place of a weight, drawn in proportion to the weights; uniformly if all are zero.
///
/// `None` if there are no weights.
pub(crate) fn weighted(weights: &[u64], rng: &mut (impl Rng + ?Sized)) -> Option<usize> {
    let total: u128 = weights.iter().copied().map(u128::from).sum();
    if total == 0 {
        let count = u128::try_from(weights.len()).unwrap_or(u128::MAX);
        return usize::try_from(below(count, rng))
            .ok()
            .filter(|&place| place < weights.len());
    }
    let mut left = below(total, rng);
    weights.iter().position(|&weight| {
        let weight = u128::from(weight);
        let hit = left < weight;
        left = left.saturating_sub(weight);
        hit
    })
}

#[cfg(test)]
mod tests {
    use paceline_core::Rng;
    use proptest::{
        collection::vec,
        prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
    };

    use super::*;

    /// Gives one number for ever.
    struct Fixed(u64);

    impl Rng for Fixed {
        fn next_u64(&mut self) -> u64 {
            self.0
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The ends are reached, and nothing lies beyond them.
        #[test]
        fn a_number_is_below_its_bound(bound in 1..=u128::MAX, bits: u64) {
            prop_assert!(below(bound, &mut Fixed(bits)) < bound);
            prop_assert_eq!(below(bound, &mut Fixed(0)), 0);
            let largest = below(bound, &mut Fixed(u64::MAX));
            prop_assert!(bound - largest <= (bound >> 64) + 1);
        }

        #[test]
        fn a_span_lies_in_the_upper_half(nanos: u64, bits: u64) {
            let most = Duration::from_nanos(nanos);
            let drawn = upper_half(most, &mut Fixed(bits));
            prop_assert!(most / 2 <= drawn && drawn <= most);
            prop_assert_eq!(upper_half(most, &mut Fixed(0)), most / 2);
        }

        /// Every weight gets the interval of its own length, up to sums beyond 64 bits.
        #[test]
        fn a_weight_above_zero_is_drawn_and_a_zero_is_not(
            weights in vec(prop_oneof![0..3_u64, any::<u64>()], 0..6),
            bits in prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
        ) {
            let drawn = weighted(&weights, &mut Fixed(bits));
            prop_assert_eq!(drawn.is_some(), !weights.is_empty());
            if let Some(place) = drawn {
                prop_assert!(weights[place] > 0 || weights.iter().all(|&weight| weight == 0));
            }
        }
    }
}
