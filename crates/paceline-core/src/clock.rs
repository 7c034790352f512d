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

#[cfg(test)]
mod tests {
    use super::*;

    struct Double;

    impl Clock for Double {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }

        fn in_real_time(&self, span: Duration) -> Duration {
            span / 2
        }
    }

    fn ask(clock: impl Clock, span: Duration) -> Duration {
        clock.in_real_time(span)
    }

    #[test]
    fn a_clock_keeps_pace_unless_it_says_otherwise_even_behind_a_reference() {
        let span = Duration::from_secs(4);
        assert_eq!(ask(crate::ManualClock::default(), span), span);
        assert_eq!(ask(&Double, span), span / 2);
    }
}
