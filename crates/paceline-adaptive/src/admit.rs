use paceline_composite::{Admit, SettleError};
use paceline_core::{Demand, Denied, Feedback, Timestamp};

use crate::{LearnedLimits, LearnedReceipts};

/// Adapters that wait know no advice: they wait for whatever it is, so give them a deadline.
impl Admit for LearnedLimits {
    type Cost = Demand;
    type Receipt = LearnedReceipts;

    fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        Self::check(self, now, demand).map_err(|held| held.denied)
    }

    fn charge(&mut self, now: Timestamp, demand: Demand) -> LearnedReceipts {
        Self::charge(self, now, demand)
    }

    fn settle(
        &mut self,
        now: Timestamp,
        receipts: LearnedReceipts,
        actual: Demand,
    ) -> Result<(), SettleError> {
        Self::settle(self, now, receipts, actual)
    }

    fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        Self::observe(self, now, sent_at, feedback);
    }
}
