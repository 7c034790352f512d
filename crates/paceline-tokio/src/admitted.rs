use std::{fmt, time::Duration};

use paceline_admission::{Grant, Place};
use paceline_composite::{Admit, SettleError};
use paceline_concurrency::Outcome;
use paceline_core::{Feedback, Timestamp};

use crate::{Throttle, outside::Outside};

/// A request that was admitted, and may be sent.
///
/// Hold it until the answer is complete, then say what became of it. Dropping it gives its permit
/// back, and lets what was charged stand.
#[must_use = "dropping it at once gives the permit back before the request is sent"]
pub struct Admitted<A: Admit> {
    throttle: Throttle<A>,
    /// There until it is finished.
    grant: Option<Grant<A>>,
    /// Where it stood in line, or would have.
    place: Place,
    at: Timestamp,
}

impl<A: Admit> Admitted<A> {
    pub(crate) fn new(throttle: Throttle<A>, place: Place, grant: Grant<A>) -> Self {
        Self {
            throttle,
            place,
            at: grant.at(),
            grant: Some(grant),
        }
    }

    /// When it was admitted.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Where it stood in line; where it would have stood, if it did not have to wait.
    ///
    /// A retry may [take the place again](crate::Acquire::with_place).
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Learns from its response, for all who share the throttle: see [`Throttle::observe`].
    ///
    /// Do so as soon as the head of the response is there. It says nothing of what became of the request,
    /// which may still go on; a refused one [`failed`](Self::failed).
    pub fn observe(&self, feedback: &Feedback) {
        self.throttle.observe(self.at, feedback);
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
        self.stand(Outcome::Success);
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
    /// What was charged stands, because some servers count refused calls. Limits that learn are told by
    /// [`observe`](Self::observe), which closes the gate, too.
    pub fn refused(mut self, retry_after: Option<Duration>) {
        self.throttle.close(self.at, retry_after);
        self.stand(Outcome::Dropped);
    }

    /// It failed for want of capacity, such as by a timeout, or was refused and
    /// [observed](Self::observe): adaptive permits take note.
    pub fn failed(mut self) {
        self.stand(Outcome::Dropped);
    }

    /// Lets what was charged stand.
    fn stand(&mut self, outcome: Outcome) {
        // Too late to settle is all that can go wrong, and then it stands as well.
        let _: Result<(), SettleError> = self.finish(outcome, None);
    }

    fn finish(&mut self, outcome: Outcome, actual: Option<A::Cost>) -> Result<(), SettleError> {
        let Some(grant) = self.grant.take() else {
            return Ok(());
        };
        let mut outside = Outside::default();
        let (mut state, now) = self.throttle.lock();
        let settled = state.admission.finish(now, grant, outcome, actual);
        // What came back may be what the head of the line waits for.
        state.nudge(now, &mut outside);
        drop(state);
        outside.wake();
        settled
    }
}

impl<A: Admit> Drop for Admitted<A> {
    fn drop(&mut self) {
        self.stand(Outcome::Ignored);
    }
}

impl<A: Admit> fmt::Debug for Admitted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Admitted");
        debug.field("at", &self.at).finish_non_exhaustive()
    }
}
