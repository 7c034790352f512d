use paceline_core::Timestamp;

use crate::{
    civil::{Civil, year_of},
    number::decimal,
};

/// Reads an HTTP date in any of the three forms of RFC 9110, section 5.6.7.
///
/// The second form writes two digits of the year. As the RFC says, a year that seems to be more than
/// 50 years ahead of `now` is the last one with those digits.
pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let mut words = text.split_ascii_whitespace();
    let weekday = words.next()?;
    let date = if let Some(name) = weekday.strip_suffix(',') {
        let date = words.next()?;
        match name.len() {
            // Sun, 06 Nov 1994 08:49:37 GMT
            3 => {
                let (month, year) = (month(words.next()?)?, digits(words.next()?, 4)?);
                of(year, month, digits(date, 2)?, words.next()?)?
            }
            // Sunday, 06-Nov-94 08:49:37 GMT
            6.. => {
                let mut parts = date.split('-');
                let day = digits(parts.next()?, 2)?;
                let (month, year) = (month(parts.next()?)?, digits(parts.next()?, 2)?);
                if parts.next().is_some() {
                    return None;
                }
                of(full_year(year, now), month, day, words.next()?)?
            }
            _ => return None,
        }
    } else {
        // Sun Nov  6 08:49:37 1994
        let (month, day, time) = (month(words.next()?)?, words.next()?, words.next()?);
        let date = of(digits(words.next()?, 4)?, month, decimal(day)?, time)?;
        return (weekday.len() == 3 && words.next().is_none()).then_some(date);
    };
    let zone = words.next()?;
    let utc = zone.eq_ignore_ascii_case("gmt") || zone.eq_ignore_ascii_case("utc");
    (utc && words.next().is_none()).then_some(date)
}

fn of(year: u64, month: u64, day: u64, time: &str) -> Option<Timestamp> {
    let mut parts = time.split(':');
    let mut part = || digits(parts.next()?, 2);
    let date = Civil {
        year,
        month,
        day,
        hour: part()?,
        minute: part()?,
        second: part()?,
        ..Civil::default()
    };
    if parts.next().is_some() {
        return None;
    }
    date.timestamp()
}

fn full_year(two_digits: u64, now: Timestamp) -> u64 {
    let this_year = year_of(now);
    let mut year = this_year - this_year % 100 + two_digits;
    if year + 50 < this_year {
        year += 100;
    } else if year > this_year + 50 {
        year -= 100;
    }
    year
}

fn month(name: &str) -> Option<u64> {
    [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    .into_iter()
    .zip(1..)
    .find(|(month, _)| month.eq_ignore_ascii_case(name))
    .map(|(_, number)| number)
}

fn digits(text: &str, count: usize) -> Option<u64> {
    (text.len() == count).then(|| decimal(text))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

    fn seconds(text: &str) -> Option<u64> {
        Some(parse(text, NOW)?.as_nanos() / 1_000_000_000)
    }

    #[test]
    fn the_three_forms_of_rfc_9110_are_one_moment() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "sun, 06 nov 1994 08:49:37 gmt",
        ] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn two_digits_of_a_year_are_at_most_50_years_ahead() {
        // It is 2026.
        assert_eq!(full_year(76, NOW), 2076);
        assert_eq!(full_year(77, NOW), 1977);
        assert_eq!(full_year(26, NOW), 2026);
        assert_eq!(full_year(99, NOW), 1999);
        let year_2090 = Timestamp::from_nanos(3_800_000_000_000_000_000);
        assert_eq!(full_year(10, year_2090), 2110);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "Sun",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun, 06 Nov 1994 08:49:37:01 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sun Nov 6 08:49:37 94",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
