use alloc::{format, string::String};
use core::time::Duration;

use jiff::{ZonedDateTime, tz::TimeZone};
use paceline_core::Timestamp;

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CalendarUnit {
    /// A minute of the wall clock.
    Minute,
    /// An hour of the wall clock.
    Hour,
    /// A date.
    Day,
    /// A month.
    Month,
}

/// The windows of a calendar.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    pub(crate) unit: CalendarUnit,
    pub(crate) zone: TimeZone,
}

impl Calendar {
    /// The first moment after `now` at which another window begins.
    pub(crate) fn ends_after(&self, now: Timestamp) -> Timestamp {
        // Timestamps reach to the year 2554 and calendars to 9999, so nothing here is out of range;
        // if it were, the window would stay closed.
        self.boundary(now)
            .filter(|&end| end > now)
            .unwrap_or(Timestamp::MAX)
    }

    fn boundary(&self, now: Timestamp) -> Option<Timestamp> {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(now.as_nanos())).ok()?;
        let local = moment.to_zoned_datetime(self.zone.clone());
        let next = match self.unit {
            CalendarUnit::Minute => return Some(next_full(now, &local, 60)),
            CalendarUnit::Hour => return Some(next_full(now, &local, 3_600)),
            CalendarUnit::Day => local.date().tomorrow().ok()?,
            CalendarUnit::Month => local.date().last_of_month().tomorrow().ok()?,
        };
        // Where midnight does not exist, the date begins when clocks go on.
        let begins = next.to_zoned_datetime(self.zone.clone()).ok()?;
        let nanos = begins.timestamp().as_nanosecond();
        Some(Timestamp::from_nanos(u64::try_from(nanos).ok()?))
    }

    pub(crate) fn shape(&self) -> String {
        let unit = match self.unit {
            CalendarUnit::Minute => "minute",
            CalendarUnit::Hour => "hour",
            CalendarUnit::Day => "day",
            CalendarUnit::Month => "month",
        };
        match self.zone.iana_name() {
            Some(name) => format!("calendar {unit}, {name}"),
            // A zone without a name is told by its rules.
            None => format!("calendar {unit}, {:?}", self.zone),
        }
    }
}

/// When the wall clock next shows a full unit of so many seconds, by its present offset.
fn next_full(now: Timestamp, local: &ZonedDateTime, unit_s: u64) -> Timestamp {
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    let minute = part(local.minute().into());
    let second = part(local.second().into());
    let within_s = (minute * 60 + second) % unit_s;
    let passed = Duration::new(within_s, 0)
        .saturating_add(Duration::from_nanos(part(local.subsec_nanosecond().into())));
    now.saturating_add(Duration::from_secs(unit_s).saturating_sub(passed))
}
