use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{Clock, Timestamp};

/// A clock that moves only when told to, for tests and examples.
///
/// It can be shared: threads that advance it at once add up. It is there on targets with 64-bit
/// atomics.
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
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Makes a clock that shows `start`.
    pub const fn new(start: Timestamp) -> Self {
        Self(AtomicU64::new(start.as_nanos()))
    }

    /// Moves the clock forward, at most to [`Timestamp::MAX`].
    pub fn advance(&self, by: Duration) {
        let forward = |nanos| Some(Timestamp::from_nanos(nanos).saturating_add(by).as_nanos());
        // The closure always gives a value, so the update cannot fail.
        let _ = self.0.fetch_update(Relaxed, Relaxed, forward);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Relaxed))
    }
}
