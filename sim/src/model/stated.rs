use paceline_composite::{Admit, ByDimension, Receipts, Settle, SettleError};
use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};

use super::adjust::Adjust;

/// The limits that a client was told.
pub(super) enum Stated {
    /// Estimates stand, so nothing is kept of them.
    Standing(Vec<(Dimension, Box<dyn Adjust>)>),
    /// Estimates are settled.
    Settled(ByDimension<Box<dyn Settle>>),
}

impl Stated {
    /// Each of them, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = (Dimension, &dyn Limiter)> {
        let (standing, settled) = match self {
            Self::Standing(limits) => (&limits[..], &[][..]),
            Self::Settled(limits) => (&[][..], limits.limits()),
        };
        let standing = standing.iter().map(|(counts, limiter)| {
            let limiter: &dyn Limiter = &**limiter;
            (*counts, limiter)
        });
        let settled = settled.iter().map(|(counts, limiter)| {
            let limiter: &dyn Limiter = &**limiter;
            (*counts, limiter)
        });
        standing.chain(settled)
    }

    /// The least that any limit of a dimension has available, in cells; [`u64::MAX`] without any.
    pub(super) fn available(&self, now: Timestamp, dimension: Dimension) -> u64 {
        let limits = self.each().filter(|(of, _)| *of == dimension);
        let each = limits.map(|(_, limiter)| limiter.available(now));
        each.min().unwrap_or(u64::MAX)
    }

    pub(super) fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        match self {
            Self::Standing(limits) => {
                let answers = limits
                    .iter()
                    .map(|(counts, limiter)| Limiter::check(limiter, now, counts.cost(demand)));
                let denials = answers.filter_map(Result::err);
                denials.reduce(Denied::and).map_or(Ok(()), Err)
            }
            Self::Settled(limits) => Admit::check(limits, now, demand),
        }
    }

    /// Which of them holds a request for longest, if any does; the first, if several agree.
    pub(super) fn holder(&self, now: Timestamp, demand: Demand) -> Option<(usize, Denied)> {
        let answers = self
            .each()
            .enumerate()
            .filter_map(|(index, (counts, limiter))| {
                let denied = limiter.check(now, counts.cost(demand)).err()?;
                Some((index, denied))
            });
        answers.reduce(|one, other| {
            if one.1.and(other.1) == one.1 {
                one
            } else {
                other
            }
        })
    }

    /// Charges a request, and gives what settles it.
    pub(super) fn charge(&mut self, now: Timestamp, demand: Demand) -> Option<Receipts> {
        match self {
            Self::Standing(limits) => {
                for (counts, limiter) in limits {
                    Limiter::charge(limiter, now, counts.cost(demand));
                }
                None
            }
            Self::Settled(limits) => Some(Admit::charge(limits, now, demand)),
        }
    }

    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        receipts: Option<Receipts>,
        actual: Demand,
    ) -> Result<(), SettleError> {
        match (self, receipts) {
            (Self::Settled(limits), Some(receipts)) => Admit::settle(limits, now, receipts, actual),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use paceline_composite::Settling;
    use paceline_core::Quota;
    use paceline_gcra::Gcra;
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const DIMENSIONS: [Dimension; 4] = [
        Dimension::Requests,
        Dimension::InputTokens,
        Dimension::OutputTokens,
        Dimension::Tokens,
    ];

    /// The same limits, whose estimates stand or are settled.
    fn both(limits: &[(Dimension, Gcra)]) -> [Stated; 2] {
        let standing = limits.iter().map(|(counts, gcra)| {
            let limiter: Box<dyn Adjust> = Box::new(gcra.clone());
            (*counts, limiter)
        });
        let settled = limits.iter().map(|(counts, gcra)| {
            let limiter: Box<dyn Settle> = Box::new(Settling::new(gcra.clone()));
            (*counts, limiter)
        });
        [
            Stated::Standing(standing.collect()),
            Stated::Settled(ByDimension::new(settled)),
        ]
    }

    fn limit() -> impl Strategy<Value = (Dimension, Gcra)> {
        (select(&DIMENSIONS[..]), 1..20_u64, 1..5_u64).prop_map(|(counts, limit, seconds)| {
            let quota = Quota::new(limit, Duration::from_secs(seconds)).expect("within bounds");
            (counts, Gcra::new(quota))
        })
    }

    fn demand() -> impl Strategy<Value = (u64, Demand)> {
        (0..3_000_u64, 0..3_u64, 0..12_u64, 0..12_u64).prop_map(
            |(millis, requests, input_tokens, output_tokens)| {
                let demand = Demand {
                    requests,
                    input_tokens,
                    output_tokens,
                };
                (millis * 1_000_000, demand)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle asks each limit by itself.
        #[test]
        fn a_set_says_what_its_limits_say_one_by_one(
            mut each in vec(limit(), 0..6),
            demands in vec(demand(), 1..20),
        ) {
            let mut both = both(&each);
            let mut now = Timestamp::EPOCH;
            for (nanos, demand) in demands {
                now = now.saturating_add(Duration::from_nanos(nanos));
                let denials: Vec<_> = each
                    .iter()
                    .map(|(counts, limiter)| Limiter::check(limiter, now, counts.cost(demand)).err())
                    .collect();
                let strictest = denials.iter().flatten().copied().reduce(Denied::and);
                let place = denials.iter().position(|it| it.is_some() && *it == strictest);
                for stated in &mut both {
                    let denied = stated.check(now, demand).err();
                    prop_assert_eq!(denied.map(Denied::retry_at), strictest.map(Denied::retry_at));
                    prop_assert_eq!(stated.holder(now, demand), place.zip(strictest));
                    for dimension in DIMENSIONS {
                        let limits = each.iter().filter(|(counts, _)| *counts == dimension);
                        let left = limits.map(|(_, limiter)| limiter.available(now)).min();
                        prop_assert_eq!(stated.available(now, dimension), left.unwrap_or(u64::MAX));
                    }
                    if strictest.is_none() {
                        drop(stated.charge(now, demand));
                    }
                }
                if strictest.is_none() {
                    for (counts, limiter) in &mut each {
                        Limiter::charge(limiter, now, counts.cost(demand));
                    }
                }
            }
        }
    }
}
