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
