use alloc::boxed::Box;
use core::time::Duration;

use paceline_core::Timestamp;

/// How many calls may be in flight, learnt from calls that finished.
///
/// Policies are told everything and ask for nothing, so a simulation and a server can run the same
/// one.
pub trait Limit {
    /// The most calls that may be in flight now.
    fn limit(&self) -> u32;

    /// Learns from a call that finished.
    fn observe(&mut self, sample: Sample);
}

impl<L: Limit + ?Sized> Limit for Box<L> {
    fn limit(&self) -> u32 {
        (**self).limit()
    }

    fn observe(&mut self, sample: Sample) {
        (**self).observe(sample);
    }
}

/// What a finished call tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// When the call started.
    pub started_at: Timestamp,
    /// When it finished.
    pub finished_at: Timestamp,
    /// How many calls were in flight when it started, itself included.
    pub in_flight: u32,
    /// Whether it was dropped for lack of capacity: refused, shed, or timed out.
    pub dropped: bool,
}

impl Sample {
    /// How long the call took; zero if the clock ran back meanwhile.
    pub const fn took(self) -> Duration {
        self.finished_at.saturating_duration_since(self.started_at)
    }
}
