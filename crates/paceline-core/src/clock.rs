use core::time::Duration;

use crate::Timestamp;

/// A source of [`Timestamp`]s, used by adapters and never by limiters.
///
/// Readings never run back.
pub trait Clock {
    /// Reads the time.
    fn now(&self) -> Timestamp;

    /// How long it takes, in real time, until this clock has gone on by `span`.
    ///
    /// Whoever waits for a time of this clock sleeps for so long. As long as the span, unless stated: a clock
    /// that runs faster or slower than time, as for a rehearsal, says otherwise, and rounds up.
    fn in_real_time(&self, span: Duration) -> Duration {
        span
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn in_real_time(&self, span: Duration) -> Duration {
        (**self).in_real_time(span)
    }
}
