use core::time::Duration;

use paceline_core::Timestamp;

/// A date and a time of day, as written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Civil {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
    pub(crate) nanos: u32,
    /// How far the clock that it was read from is ahead of UTC.
    pub(crate) offset_s: i64,
}

impl Civil {
    /// The point in time, if the date exists and lies from 1970 to 2554.
    ///
    /// A leap second counts as the second after it.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        let legal = (1970..=2554).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        if !legal {
            return None;
        }
        let days = (1970..self.year).map(days_of).sum::<u64>()
            + (1..self.month)
                .map(|month| days_in(self.year, month))
                .sum::<u64>()
            + self.day
            - 1;
        let seconds = ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second;
        let seconds = seconds.checked_add_signed(self.offset_s.checked_neg()?)?;
        let nanos = seconds
            .checked_mul(1_000_000_000)?
            .checked_add(u64::from(self.nanos))?;
        Some(Timestamp::from_nanos(nanos))
    }
}

/// The year in which `at` lies, in UTC.
pub(crate) fn year_of(at: Timestamp) -> u64 {
    let since = at.saturating_duration_since(Timestamp::EPOCH);
    let (mut year, mut days) = (1970, since.as_secs() / DAY.as_secs());
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    year
}

const DAY: Duration = Duration::from_secs(86_400);

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(year: u64, month: u64, day: u64) -> Option<u64> {
        let civil = Civil {
            year,
            month,
            day,
            ..Civil::default()
        };
        Some(civil.timestamp()?.as_nanos() / 1_000_000_000)
    }

    #[test]
    fn dates_count_from_the_epoch() {
        assert_eq!(seconds(1970, 1, 1), Some(0));
        assert_eq!(seconds(2000, 2, 29), Some(951_782_400));
        assert_eq!(seconds(2026, 9, 1), Some(1_788_220_800));
        assert_eq!(seconds(2100, 3, 1), Some(4_107_542_400));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for (year, month, day) in [
            (1969, 12, 31),
            (2100, 2, 29),
            (2026, 0, 1),
            (2026, 13, 1),
            (2026, 4, 31),
            (2026, 1, 0),
            (2555, 1, 1),
            (2554, 12, 31),
        ] {
            assert_eq!(seconds(year, month, day), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn years_are_found_again() {
        for year in [1970, 1999, 2000, 2001, 2100, 2553] {
            let start = Civil {
                year,
                month: 1,
                day: 1,
                ..Civil::default()
            };
            let start = start.timestamp().expect("it exists");
            assert_eq!(year_of(start), year);
            let before = start.saturating_sub(Duration::from_secs(1));
            assert_eq!(year_of(before), if year == 1970 { 1970 } else { year - 1 });
        }
    }
}
