use core::{error, fmt};

use paceline_core::Timestamp;

/// How far the clock by which days are counted is ahead of UTC.
///
/// It is a number and not a time zone, so it knows nothing of clocks that change; who lives by such
/// ones makes a new value when they do.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct DayOffset {
    minutes: i16,
}

/// The offset is a day or more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OffsetError;

/// Nanoseconds.
pub(crate) const MINUTE: i128 = 60_000_000_000;
pub(crate) const DAY: i128 = 1_440 * MINUTE;

impl DayOffset {
    /// Days of UTC.
    pub const UTC: Self = Self { minutes: 0 };

    /// Days of a clock that is so many minutes ahead of UTC, or behind it if negative.
    ///
    /// # Errors
    ///
    /// Fails unless the minutes are from -1439 to 1439.
    pub const fn new(minutes: i16) -> Result<Self, OffsetError> {
        match minutes {
            -1_439..=1_439 => Ok(Self { minutes }),
            _ => Err(OffsetError),
        }
    }

    /// The day at `now`, counted from 1970-01-01, which is 0.
    pub fn day(self, now: Timestamp) -> i64 {
        // Below 2^64 / DAY and a day more.
        i64::try_from(self.local(now).div_euclid(DAY)).unwrap_or(i64::MAX)
    }

    /// The time of the day at `now`, in nanoseconds.
    pub(crate) fn time_of_day(self, now: Timestamp) -> i128 {
        self.local(now).rem_euclid(DAY)
    }

    /// Nanoseconds since the beginning of 1970-01-01.
    fn local(self, now: Timestamp) -> i128 {
        i128::from(now.as_nanos()) + i128::from(self.minutes) * MINUTE
    }
}

impl fmt::Display for OffsetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("offset from UTC must be below a day, in minutes from -1439 to 1439")
    }
}

impl error::Error for OffsetError {}
