//! The windows of limits, and what they are called.

use std::time::Duration;

use crate::scenario::limit::RateLimit;

/// The window of a limit, as providers speak of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Window {
    Second,
    TenSeconds,
    Minute,
    FiveMinutes,
    Hour,
    Day,
    /// Thirty days, or a month of the calendar.
    Month,
    Other(Duration),
}

impl Window {
    pub(super) fn of(rate: &RateLimit) -> Self {
        let period = rate.quota.period();
        let named = [
            (1, Self::Second),
            (10, Self::TenSeconds),
            (60, Self::Minute),
            (300, Self::FiveMinutes),
            (3_600, Self::Hour),
            (86_400, Self::Day),
            (30 * 86_400, Self::Month),
        ];
        let found = named
            .into_iter()
            .find(|(seconds, _)| period == Duration::from_secs(*seconds));
        found.map_or(Self::Other(period), |(_, window)| window)
    }

    /// Its name, such as `minute`; none if it is not one of a unit.
    pub(super) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Second => Some("second"),
            Self::Minute => Some("minute"),
            Self::Hour => Some("hour"),
            Self::Day => Some("day"),
            Self::Month => Some("month"),
            Self::TenSeconds | Self::FiveMinutes | Self::Other(_) => None,
        }
    }

    /// Whether what it limits is a matter of a quota, and not of pace: it is longer than an hour.
    pub(super) fn is_long(self) -> bool {
        match self {
            Self::Day | Self::Month => true,
            Self::Other(period) => period > Duration::from_secs(3_600),
            _ => false,
        }
    }
}
