use alloc::vec::Vec;
use core::{error, fmt, time::Duration};

use paceline_core::Timestamp;

use crate::{
    DayOffset,
    day::{DAY, MINUTE},
};

/// The hours of each day in which deferrable work may run.
///
/// Windows are pairs of minutes of the day, `0` to `1440`: from the first on, up to and without the
/// second. One whose end comes before its beginning goes past midnight. They may overlap.
///
/// # Examples
///
/// ```
/// use paceline_core::Timestamp;
/// use paceline_router::{DayOffset, OffPeak};
///
/// // From 22:00 to 06:00, by a clock an hour ahead of UTC.
/// let nights = OffPeak::new(DayOffset::new(60)?, &[(22 * 60, 6 * 60)])?;
/// let hour = |n: u64| Timestamp::from_nanos(n * 3_600_000_000_000);
/// assert!(nights.is_off_peak(hour(4)));
/// assert!(!nights.is_off_peak(hour(5)));
/// assert_eq!(nights.next_off_peak_at(hour(9)), Some(hour(21)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OffPeak {
    offset: DayOffset,
    windows: Vec<(u16, u16)>,
}

/// A window is empty, or its minutes are not of a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OffPeakError;

/// Minutes of a day.
const MINUTES: u16 = 1_440;

impl OffPeak {
    /// Makes a plan of windows; without any, no time is off-peak.
    ///
    /// # Errors
    ///
    /// Fails if a window begins after minute 1439, ends at 0 or after 1440, or ends where it begins.
    /// The whole day is `(0, 1440)`.
    pub fn new(offset: DayOffset, windows: &[(u16, u16)]) -> Result<Self, OffPeakError> {
        let legal =
            |&(from, to): &(u16, u16)| from < MINUTES && (1..=MINUTES).contains(&to) && from != to;
        if !windows.iter().all(legal) {
            return Err(OffPeakError);
        }
        Ok(Self {
            offset,
            windows: windows.to_vec(),
        })
    }

    /// Whether deferrable work may run at `now`.
    pub fn is_off_peak(&self, now: Timestamp) -> bool {
        let time = self.offset.time_of_day(now);
        self.windows.iter().any(|&(from, to)| {
            let (began, goes_on) = (minutes(from) <= time, time < minutes(to));
            if from < to {
                began && goes_on
            } else {
                began || goes_on
            }
        })
    }

    /// The first time from `now` on that is off-peak: `now` itself, or when the next window begins.
    ///
    /// `None` if there are no windows.
    pub fn next_off_peak_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_off_peak(now) {
            return Some(now);
        }
        let time = self.offset.time_of_day(now);
        let waits = self
            .windows
            .iter()
            .map(|&(from, _)| (minutes(from) - time).rem_euclid(DAY));
        // Less than a day.
        let wait = u64::try_from(waits.min()?).unwrap_or(u64::MAX);
        Some(now.saturating_add(Duration::from_nanos(wait)))
    }
}

fn minutes(minutes: u16) -> i128 {
    i128::from(minutes) * MINUTE
}

impl fmt::Display for OffPeakError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a window must be of minutes from 0 to 1440, and must not be empty")
    }
}

impl error::Error for OffPeakError {}
