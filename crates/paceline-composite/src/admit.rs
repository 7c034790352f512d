use paceline_core::{Demand, Denied, Feedback, Limiter, Timestamp};

use crate::{ByDimension, Receipts, Settle, SettleError};

/// What a program can ask before it sends a request: a single limiter, or limits by dimension.
///
/// Adapters that wait are written against this, so that one of them serves both. Import it only into
/// code that is generic over it: its methods have the names of those of [`Limiter`] and [`Settle`].
pub trait Admit {
    /// What a request costs: cells, or a [`Demand`].
    type Cost: Copy + Default;
    /// The right to settle it.
    type Receipt;

    /// Asks whether a cost conforms at `now`.
    ///
    /// # Errors
    ///
    /// Says when to ask again, or that asking again is pointless.
    fn check(&self, now: Timestamp, cost: Self::Cost) -> Result<(), Denied>;

    /// Charges a cost at `now`, whether or not it conforms.
    fn charge(&mut self, now: Timestamp, cost: Self::Cost) -> Self::Receipt;

    /// Replaces a charged cost by the true one.
    ///
    /// # Errors
    ///
    /// As for [`Settle::settle`].
    fn settle(
        &mut self,
        now: Timestamp,
        receipt: Self::Receipt,
        actual: Self::Cost,
    ) -> Result<(), SettleError>;

    /// Learns from a response that arrived at `now`, to a request that was charged at `sent_at`.
    ///
    /// Limits that are only what was stated learn nothing, unless they say otherwise.
    fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        let _ = (now, sent_at, feedback);
    }
}

/// A single limiter: what it charged stands, except that more than that is charged too.
///
/// To get unused cells back, put the limiter into a [`ByDimension`].
impl<L: Limiter> Admit for L {
    type Cost = u64;
    /// What was charged.
    type Receipt = u64;

    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        Limiter::check(self, now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) -> u64 {
        Limiter::charge(self, now, cost);
        cost
    }

    fn settle(&mut self, now: Timestamp, charged: u64, actual: u64) -> Result<(), SettleError> {
        Limiter::charge(self, now, actual.saturating_sub(charged));
        Ok(())
    }
}

impl<S: Settle> Admit for ByDimension<S> {
    type Cost = Demand;
    type Receipt = Receipts;

    fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        Self::check(self, now, demand).map_err(|refused| refused.denied)
    }

    fn charge(&mut self, now: Timestamp, demand: Demand) -> Receipts {
        self.charge_estimate(now, demand)
    }

    fn settle(
        &mut self,
        now: Timestamp,
        receipts: Receipts,
        actual: Demand,
    ) -> Result<(), SettleError> {
        Self::settle(self, now, receipts, actual)
    }
}
