use std::{fmt, time::Duration};

use paceline_admission::Place;
use paceline_composite::SettleError;
use paceline_concurrency::{Outcome, Ticket};
use paceline_core::{Demand, Feedback, Timestamp};

use crate::{SharedThrottle, charge::Charge};

/// Ten minutes, as the receipts of `paceline-composite` live.
const LIFETIME: Duration = Duration::from_secs(600);

/// A request that was admitted, and may be sent.
///
/// Hold it until the answer is complete, then say what became of it. Dropping it gives its permit back, and lets
/// what was charged stand.
///
/// What is given back reaches the store a moment later, or not at all if the store does not answer; then what was
/// charged stands. A GCRA takes back no more than what certainly has not replenished of itself, so that it never
/// has more available than if the truth had been charged at once; a window takes back all, while it lasts.
#[must_use = "dropping it at once gives the permit back before the request is sent"]
pub struct Admitted {
    charge: Charge,
    ticket: Option<Ticket>,
    place: Place,
}

impl Admitted {
    pub(crate) const fn new(charge: Charge, ticket: Option<Ticket>, place: Place) -> Self {
        Self {
            charge,
            ticket,
            place,
        }
    }

    /// When it was admitted, by this process's clock.
    pub const fn at(&self) -> Timestamp {
        self.charge.at()
    }

    /// What was charged.
    pub const fn cost(&self) -> Demand {
        self.charge.demand()
    }

    /// Where it stood in line; a retry may [take the place again](crate::Acquire::with_place).
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Learns from its response: see [`SharedThrottle::observe`].
    pub fn observe(&self, feedback: &Feedback) {
        self.throttle().observe(self.at(), feedback);
    }

    /// It succeeded, and this is what it really cost. More than was charged is charged, too.
    ///
    /// # Errors
    ///
    /// Fails after ten minutes; what was charged then stands.
    pub fn settle(mut self, actual: Demand) -> Result<(), SettleError> {
        self.finish(Outcome::Success, Some(actual))
    }

    /// It succeeded, and cost what was charged.
    pub fn succeeded(mut self) {
        self.stand(Outcome::Success);
    }

    /// It was never sent: gives back all that its limits take back.
    ///
    /// # Errors
    ///
    /// As for [`settle`](Self::settle).
    pub fn cancel(mut self) -> Result<(), SettleError> {
        self.finish(Outcome::Ignored, Some(Demand::default()))
    }

    /// The server refused it, as by a 429: closes the gate, as [`SharedThrottle::close`] does.
    ///
    /// What was charged stands, because some servers count refused calls.
    pub fn refused(mut self, retry_after: Option<Duration>) {
        self.throttle().close(self.at(), retry_after);
        self.stand(Outcome::Dropped);
    }

    /// It failed for want of capacity, such as by a timeout, or was refused and
    /// [observed](Self::observe): adaptive permits take note.
    pub fn failed(mut self) {
        self.stand(Outcome::Dropped);
    }

    fn throttle(&self) -> SharedThrottle {
        SharedThrottle(self.charge.shared().clone())
    }

    /// Lets what was charged stand.
    fn stand(&mut self, outcome: Outcome) {
        // Too late to settle is all that can go wrong, and then it stands as well.
        let _: Result<(), SettleError> = self.finish(outcome, None);
    }

    fn finish(&mut self, outcome: Outcome, actual: Option<Demand>) -> Result<(), SettleError> {
        let shared = self.charge.shared();
        shared.finish(self.ticket.take(), outcome);
        let Some(actual) = actual else {
            self.charge.keep();
            return Ok(());
        };
        let age = shared.store.now().saturating_duration_since(self.at());
        if age > LIFETIME {
            // What is more is charged however late.
            self.charge.settle(most(actual, self.charge.demand()));
            return Err(SettleError::Expired);
        }
        self.charge.settle(actual);
        Ok(())
    }
}

/// The larger of two demands in each dimension.
fn most(a: Demand, b: Demand) -> Demand {
    Demand {
        requests: a.requests.max(b.requests),
        input_tokens: a.input_tokens.max(b.input_tokens),
        output_tokens: a.output_tokens.max(b.output_tokens),
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.stand(Outcome::Ignored);
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Admitted");
        debug.field("at", &self.at());
        debug.field("cost", &self.cost()).finish_non_exhaustive()
    }
}
