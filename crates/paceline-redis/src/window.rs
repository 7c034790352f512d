use std::time::Duration;

use jiff::tz::TimeZone;
use paceline_core::Timestamp;
use paceline_quota::CalendarUnit;

/// The span of time to which a shared quota applies.
///
/// The server's clock says which window it is; clients only know where windows begin.
#[derive(Clone, Debug)]
pub struct Window(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Opening { period: Duration },
    Calendar(paceline_quota::Window),
}

impl Window {
    /// A window that opens with the first use after the last one ended, and lasts for `period`: from a
    /// millisecond to 35 years.
    pub const fn opening(period: Duration) -> Self {
        Self(Kind::Opening { period })
    }

    /// Calendar minutes, hours, days or months of a time zone.
    ///
    /// They begin and end as those of [`paceline_quota::Window::calendar`].
    pub const fn calendar(unit: CalendarUnit, zone: TimeZone) -> Self {
        Self(Kind::Calendar(paceline_quota::Window::calendar(unit, zone)))
    }

    /// Calendar minutes, hours, days or months of UTC.
    pub const fn utc(unit: CalendarUnit) -> Self {
        Self::calendar(unit, TimeZone::UTC)
    }

    /// The period of a window that opens with its first use.
    pub(crate) const fn period(&self) -> Option<Duration> {
        match self.0 {
            Kind::Opening { period } => Some(period),
            Kind::Calendar(_) => None,
        }
    }

    /// When a window that is open at `now`, or opens now, ends.
    pub(crate) fn ends_after(&self, now: Timestamp) -> Timestamp {
        match &self.0 {
            Kind::Opening { period } => now.saturating_add(*period),
            Kind::Calendar(window) => window.leaves_at(now),
        }
    }

    /// Where the window at `now` begins, the next one, and the one after it, in microseconds.
    pub(crate) fn boundaries(&self, now: Timestamp) -> [u64; 3] {
        if self.period().is_some() {
            return [0; 3];
        }
        let mut back = Duration::from_secs(1);
        let mut begins = self.ends_after(now.saturating_sub(back));
        // A window is a month at most, so this ends after a few steps.
        while begins > now && back < Duration::from_secs(100 * 86_400) {
            back = back.saturating_mul(2);
            begins = self.ends_after(now.saturating_sub(back));
        }
        let mut ends = self.ends_after(begins);
        while ends <= now {
            (begins, ends) = (ends, self.ends_after(ends));
        }
        [begins, ends, self.ends_after(ends)].map(|at| at.as_nanos() / 1_000)
    }

    /// A text that two windows share if and only if they are the same.
    pub(crate) fn shape(&self) -> String {
        match &self.0 {
            Kind::Opening { period } => format!("opening {} ns", period.as_nanos()),
            Kind::Calendar(window) => window.shape(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000_000;

    #[test]
    fn a_day_lies_between_its_boundaries() {
        let day = Window::utc(CalendarUnit::Day);
        let at = |micros: u64| Timestamp::from_nanos(micros * 1_000);
        let begins = 20_000 * DAY;
        let expected = [begins, begins + DAY, begins + 2 * DAY];
        for now in [begins, begins + 1, begins + DAY / 2, begins + DAY - 1] {
            assert_eq!(day.boundaries(at(now)), expected, "{now}");
        }
    }

    #[test]
    fn a_month_is_as_long_as_it_is() {
        let month = Window::utc(CalendarUnit::Month);
        // 2024-02-10, of a leap year.
        let now = Timestamp::from_nanos(1_707_523_200_000_000_000);
        let [first, second, third] = month.boundaries(now);
        assert_eq!((second - first, third - second), (29 * DAY, 31 * DAY));
    }
}
