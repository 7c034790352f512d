use core::time::Duration;

use crate::Timestamp;

/// A source of [`Timestamp`]s, used by adapters and never by limiters.
///
/// Readings never run back.
pub trait Clock {
    /// Reads the time.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// A clock that moves only when told to, for tests and examples.
///
/// It can be shared: threads that advance it at once add up.
///
/// # Examples
///
/// ```
/// use paceline_core::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// assert_eq!(clock.now(), Timestamp::EPOCH);
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(clock.now(), Timestamp::from_nanos(3_000_000_000));
/// ```
#[cfg(target_has_atomic = "64")]
#[derive(Debug, Default)]
pub struct ManualClock(core::sync::atomic::AtomicU64);

#[cfg(target_has_atomic = "64")]
impl ManualClock {
    /// Makes a clock that shows `start`.
    pub const fn new(start: Timestamp) -> Self {
        Self(core::sync::atomic::AtomicU64::new(start.as_nanos()))
    }

    /// Moves the clock forward, at most to [`Timestamp::MAX`].
    pub fn advance(&self, by: Duration) {
        use core::sync::atomic::Ordering::Relaxed;

        let forward = |nanos| Some(Timestamp::from_nanos(nanos).saturating_add(by).as_nanos());
        // The closure always gives a value, so the update cannot fail.
        let _ = self.0.fetch_update(Relaxed, Relaxed, forward);
    }
}

#[cfg(target_has_atomic = "64")]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(core::sync::atomic::Ordering::Relaxed))
    }
}
