use core::time::Duration;

/// For how long a request lets later, more urgent ones pass.
///
/// A request that has waited that long comes before all that arrive from then on, so that patient
/// requests move even if urgent ones never cease (ageing).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Priority {
    yields_for: Duration,
}

impl Priority {
    /// Somebody waits for the answer: lets nobody pass. This is the default.
    pub const INTERACTIVE: Self = Self::yielding_for(Duration::ZERO);
    /// Nobody waits for the answer: lets urgent requests pass for an hour.
    ///
    /// A backlog is passed only while it is younger than that, so the time should exceed the one that
    /// the backlog takes.
    pub const BATCH: Self = Self::yielding_for(Duration::from_secs(3_600));

    /// Lets requests of [`INTERACTIVE`](Self::INTERACTIVE) priority pass for so long.
    pub const fn yielding_for(yields_for: Duration) -> Self {
        Self { yields_for }
    }

    /// For how long it lets urgent requests pass.
    pub const fn yields_for(self) -> Duration {
        self.yields_for
    }
}
