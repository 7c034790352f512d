use core::time::Duration;

use crate::number::Number;

/// Reads a duration as Go writes it, such as `1m26.4s` or `6ms`: all of the text, or nothing.
///
/// Days are understood too. A reader that takes `1m` out of `1m26.4s` comes back too early.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (mut rest, mut total) = (text.trim(), Duration::ZERO);
    loop {
        let (part, after) = component(rest)?;
        total = total.checked_add(part)?;
        rest = after;
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// The number and unit at the start of `text`, and what follows.
fn component(text: &str) -> Option<(Duration, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, text) = text.split_at(digits);
    let unit = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    let (unit, rest) = text.split_at(unit);
    Some((times(Number::parse(number)?, nanos_per_unit(unit)?)?, rest))
}

fn nanos_per_unit(unit: &str) -> Option<u64> {
    [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ]
    .into_iter()
    .find(|(name, _)| name.eq_ignore_ascii_case(unit))
    .map(|(_, nanos)| nanos)
}

/// The nanoseconds of a word for a unit, such as `seconds` or `min`.
pub(crate) fn nanos_per_word(word: &str) -> Option<u64> {
    let singular = word.strip_suffix('s').unwrap_or(word);
    Some(match singular {
        "millisecond" | "milli" => 1_000_000,
        "second" | "sec" => 1_000_000_000,
        "minute" | "min" => 60_000_000_000,
        "hour" | "hr" => 3_600_000_000_000,
        "day" => 86_400_000_000_000,
        "week" => 604_800_000_000_000,
        _ => return nanos_per_unit(word),
    })
}

/// So many units of so many nanoseconds; none if that exceeds 584 years, or is below zero.
pub(crate) fn times(number: Number, unit: u64) -> Option<Duration> {
    let Number::Value { whole, nanos } = number else {
        return None;
    };
    let fraction = u128::from(nanos) * u128::from(unit) / 1_000_000_000;
    let total = u128::from(whole) * u128::from(unit) + fraction;
    Some(Duration::from_nanos(u64::try_from(total).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, millis) in [
            ("6m0s", 360_000),
            ("8.64s", 8_640),
            ("6ms", 6),
            ("1m26.4s", 86_400),
            ("33m57.312s", 2_037_312),
            ("1h2m", 3_720_000),
            ("2d", 172_800_000),
            ("0s", 0),
            (" 7m12S ", 432_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("500µs"), Some(Duration::from_micros(500)));
    }

    #[test]
    fn a_duration_is_read_whole_or_not_at_all() {
        for text in [
            "",
            "1",
            "s",
            "1m26.4",
            "1m26.4x",
            "1m 2s",
            "-1s",
            "1..5s",
            "99999999999d",
            "1mm",
            "6m0s!",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
