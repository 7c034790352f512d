use paceline_core::{Clock, Timestamp};

/// The clock that governor reads by default, read in the same way.
#[derive(Debug, Default)]
pub struct QuantaClock(quanta::Clock);

impl Clock for QuantaClock {
    #[inline]
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.delta_as_nanos(0, self.0.raw()))
    }
}
