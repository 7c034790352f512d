use alloc::{format, string::String};
use core::time::Duration;

use paceline_core::Timestamp;

#[cfg(feature = "calendar")]
use crate::calendar::{Calendar, CalendarUnit};

/// The span of time to which a quota applies.
#[derive(Clone, Debug)]
pub struct Window(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Fixed {
        period: u64,
    },
    Rolling {
        period: u64,
    },
    #[cfg(feature = "calendar")]
    Calendar(Calendar),
}

/// A rolling window is remembered in this many slots, and two that it covers in part.
const SLOTS: u64 = 60;

impl Window {
    /// A window that opens with the first use after the last one ended, and lasts for `period`.
    ///
    /// Below a nanosecond or beyond 584 years, `period` becomes the nearest of these.
    pub fn fixed(period: Duration) -> Self {
        Self(Kind::Fixed {
            period: nanos(period),
        })
    }

    /// Any window of `period`, at whatever time it begins.
    ///
    /// Usage is remembered in 60 slots per period, so memory does not grow with use. A slot leaves as
    /// a whole, at most a sixtieth of the period late and never early. Periods are limited as for
    /// [`fixed`](Self::fixed).
    pub fn rolling(period: Duration) -> Self {
        Self(Kind::Rolling {
            period: nanos(period),
        })
    }

    /// Calendar minutes, hours, days or months of a time zone.
    ///
    /// Days begin at the first moment of their date, so they last 23 or 25 hours where clocks change.
    /// Minutes and hours end when the wall clock next shows a full one, by its present offset.
    #[cfg(feature = "calendar")]
    pub const fn calendar(unit: CalendarUnit, zone: jiff::tz::TimeZone) -> Self {
        Self(Kind::Calendar(Calendar { unit, zone }))
    }

    /// When a charge made at `now` stops to count, if no window is open yet.
    ///
    /// That is always after `now`, but for [`Timestamp::MAX`].
    pub fn leaves_at(&self, now: Timestamp) -> Timestamp {
        match &self.0 {
            Kind::Fixed { period } => after(now, *period),
            Kind::Rolling { period } => {
                let slot = period.div_ceil(SLOTS);
                let slot_ends = (now.as_nanos() / slot)
                    .saturating_add(1)
                    .saturating_mul(slot);
                after(Timestamp::from_nanos(slot_ends), *period)
            }
            #[cfg(feature = "calendar")]
            Kind::Calendar(calendar) => calendar.ends_after(now),
        }
    }

    /// The period of a rolling window, in which usage leaves bit by bit.
    ///
    /// `None` for other windows, which end as a whole.
    pub const fn rolling_period(&self) -> Option<Duration> {
        match self.0 {
            Kind::Rolling { period } => Some(Duration::from_nanos(period)),
            _ => None,
        }
    }

    /// A text that two windows share if and only if they are the same.
    ///
    /// It names the kind, the length or unit, and the time zone: for whoever keeps usage beyond a
    /// process, and must know what it was counted in.
    pub fn shape(&self) -> String {
        match &self.0 {
            Kind::Fixed { period } => format!("fixed {period} ns"),
            Kind::Rolling { period } => format!("rolling {period} ns"),
            #[cfg(feature = "calendar")]
            Kind::Calendar(calendar) => calendar.shape(),
        }
    }
}

fn after(at: Timestamp, nanos: u64) -> Timestamp {
    at.saturating_add(Duration::from_nanos(nanos))
}

fn nanos(period: Duration) -> u64 {
    u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1)
}
