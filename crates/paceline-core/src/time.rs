use core::{fmt, time::Duration};

/// A point in time: nanoseconds since the Unix epoch, on a timeline that never runs back.
///
/// One notion of time serves rates, calendar windows, snapshots that outlive a process, and
/// virtual time. Whoever reads a clock converts at the edge; a simulation may start at
/// [`EPOCH`](Self::EPOCH).
///
/// Arithmetic saturates, because a limiter that panics on a strange clock is worse than a limiter
/// that is briefly too strict. The range is 584 years, to the year 2554.
///
/// # Examples
///
/// ```
/// use paceline_core::Timestamp;
/// use std::time::Duration;
///
/// let start = Timestamp::EPOCH;
/// let later = start.saturating_add(Duration::from_millis(250));
/// assert_eq!(later.saturating_duration_since(start), Duration::from_millis(250));
/// assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The latest representable time; stands for "never" after saturation.
    pub const MAX: Self = Self(u64::MAX);

    /// Makes a timestamp `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This time plus `duration`, or [`MAX`](Self::MAX) if that is out of range.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_nanos(duration)))
    }

    /// This time minus `duration`, or [`EPOCH`](Self::EPOCH) if that is out of range.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(whole_nanos(duration)))
    }

    /// How long ago `earlier` was, or zero if it is not in the past.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// The nanoseconds of `duration`, or [`u64::MAX`] if there are more.
fn whole_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({:?})", Duration::from_nanos(self.0))
    }
}
