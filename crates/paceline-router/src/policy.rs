use paceline_core::Demand;

use crate::Target;

/// How to choose among the targets that admit a request now.
///
/// A policy puts some targets before others, and weights decide by lot among those that come first
/// together. So nobody is favoured for standing at the head of a list.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Policy {
    /// By lot, in proportion to the targets' weights.
    Weighted,
    /// By lot, in proportion to what remains of each target's limit.
    ///
    /// What remains is what the caller's question answered; it must be in the same unit for all.
    Remaining,
    /// The smallest priority first, and by weight among equal ones: primaries, then fallbacks.
    Priority,
    /// The lowest price of this very request first, and by weight among equal ones.
    Cheapest,
}

impl Policy {
    /// Which come first; smaller is better.
    pub(crate) fn rank(self, target: &Target, demand: Demand) -> u128 {
        match self {
            Self::Weighted | Self::Remaining => 0,
            Self::Priority => target.priority.into(),
            Self::Cheapest => target.price.exactly(demand),
        }
    }

    /// The share among those of the same rank.
    pub(crate) const fn weight(self, target: &Target, remaining: u64) -> u64 {
        match self {
            Self::Weighted | Self::Priority | Self::Cheapest => target.weight,
            Self::Remaining => remaining,
        }
    }
}
