use std::{fmt, time::Duration};

use paceline_composite::{Admit, SettleError};
use paceline_concurrency::{Outcome, Ticket};
use paceline_core::Timestamp;

use crate::{Throttle, state::Held, throttle::wake};

/// A request that was admitted, and may be sent.
///
/// Hold it until the answer is complete, then say what became of it. Dropping it gives its permit
/// back, and lets what was charged stand.
#[must_use = "dropping it at once gives the permit back before the request is sent"]
pub struct Admitted<A: Admit> {
    throttle: Throttle<A>,
    receipt: Option<A::Receipt>,
    ticket: Option<Ticket>,
    at: Timestamp,
}

impl<A: Admit> Admitted<A> {
    pub(crate) fn new(throttle: Throttle<A>, held: Held<A::Receipt>) -> Self {
        Self {
            throttle,
            receipt: Some(held.receipt),
            ticket: held.ticket,
            at: held.at,
        }
    }

    /// When it was admitted.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// It succeeded, and this is what it really cost.
    ///
    /// # Errors
    ///
    /// Fails if it took longer than receipts live; what was charged then stands.
    pub fn settle(mut self, actual: A::Cost) -> Result<(), SettleError> {
        self.finish(Outcome::Success, Some(actual))
    }

    /// It succeeded, and cost what was charged.
    pub fn succeeded(mut self) {
        // Without an actual cost there is nothing to settle.
        let _: Result<(), SettleError> = self.finish(Outcome::Success, None);
    }

    /// It was never sent: gives back all that its limits give back.
    ///
    /// # Errors
    ///
    /// As for [`settle`](Self::settle).
    pub fn cancel(mut self) -> Result<(), SettleError> {
        self.finish(Outcome::Ignored, Some(A::Cost::default()))
    }

    /// The server refused it, as by a 429: closes the gate for all who share the throttle.
    ///
    /// What was charged stands, because some servers count refused calls.
    pub fn refused(mut self, retry_after: Option<Duration>) {
        self.throttle.close(self.at, retry_after);
        let _: Result<(), SettleError> = self.finish(Outcome::Dropped, None);
    }

    /// It failed for want of capacity, such as by a timeout: adaptive limits take note.
    pub fn failed(mut self) {
        let _: Result<(), SettleError> = self.finish(Outcome::Dropped, None);
    }

    fn finish(&mut self, outcome: Outcome, actual: Option<A::Cost>) -> Result<(), SettleError> {
        let (receipt, ticket) = (self.receipt.take(), self.ticket.take());
        let settles = receipt.zip(actual);
        if settles.is_none() && ticket.is_none() {
            return Ok(());
        }
        let (mut state, now) = self.throttle.lock();
        if let (Some(permits), Some(ticket)) = (&mut state.permits, ticket) {
            permits.finish(ticket, now, outcome);
        }
        let settled = match settles {
            Some((receipt, actual)) => state.limits.settle(now, receipt, actual),
            None => Ok(()),
        };
        // What came back may be what the head of the line waits for.
        let next = state.head_waker();
        drop(state);
        wake(next);
        settled
    }
}

impl<A: Admit> Drop for Admitted<A> {
    fn drop(&mut self) {
        let _: Result<(), SettleError> = self.finish(Outcome::Ignored, None);
    }
}

impl<A: Admit> fmt::Debug for Admitted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Admitted");
        debug.field("at", &self.at).finish_non_exhaustive()
    }
}
