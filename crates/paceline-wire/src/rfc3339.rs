use paceline_core::Timestamp;

use crate::{
    civil::Civil,
    number::{billionths, decimal},
};

/// Reads a point in time in RFC 3339 that fills `text`.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (at, rest) = prefix(text.trim())?;
    rest.is_empty().then_some(at)
}

/// Reads a point in time at the start of `text`, and gives what follows it.
///
/// Sentences write `2026-09-01 at 00:00 UTC`, so a space, ` at ` and a named zone are understood,
/// and seconds may be missing. Without a zone it would be a guess.
pub(crate) fn prefix(text: &str) -> Option<(Timestamp, &str)> {
    let (year, text) = digits(text, 4)?;
    let (month, text) = digits(text.strip_prefix('-')?, 2)?;
    let (day, text) = digits(text.strip_prefix('-')?, 2)?;
    let text = text
        .strip_prefix(['T', 't'])
        .or_else(|| text.strip_prefix(" at "))
        .or_else(|| text.strip_prefix(' '))?;
    let (hour, text) = digits(text, 2)?;
    let (minute, mut text) = digits(text.strip_prefix(':')?, 2)?;
    let (mut second, mut nanos) = (0, 0);
    if let Some(rest) = text.strip_prefix(':') {
        (second, text) = digits(rest, 2)?;
        if text.starts_with('.') {
            let end = text[1..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(text.len(), |end| end + 1);
            let (fraction, rest) = text.split_at(end);
            nanos = billionths(&fraction[1..])?;
            text = rest;
        }
    }
    let (offset_s, text) = zone(text)?;
    let at = Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
        nanos,
        offset_s,
    };
    Some((at.timestamp()?, text))
}

/// The zone: how far it is ahead of UTC, in seconds.
fn zone(text: &str) -> Option<(i64, &str)> {
    let named = text.strip_prefix(' ').unwrap_or(text);
    for name in ["utc", "gmt", "z"] {
        if let Some(start) = named.get(..name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return Some((0, &named[name.len()..]));
        }
    }
    let (sign, text) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, text) = digits(text, 2)?;
    let (minutes, text) = digits(text.strip_prefix(':')?, 2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::try_from(hours * 3_600 + minutes * 60).ok()?;
    Some((sign * seconds, text))
}

/// Exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<(u64, &str)> {
    Some((decimal(text.get(..count)?)?, &text[count..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u64> {
        Some(parse(text)?.as_nanos() / 1_000_000)
    }

    #[test]
    fn points_in_time_are_read() {
        for (text, expected) in [
            ("2026-09-01T00:00:00Z", 1_788_220_800_000),
            ("2026-09-01t02:00:00.25+02:00", 1_788_220_800_250),
            ("2026-08-31T19:30:00-04:30", 1_788_220_800_000),
            ("2026-09-01 00:00:00Z", 1_788_220_800_000),
            ("2026-09-01 at 00:00 UTC", 1_788_220_800_000),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_point_in_time_is_refused() {
        for text in [
            "",
            "2026-09-01",
            "2026-09-01T00:00:00",
            "2026-9-1T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-09-01T24:00:00Z",
            "2026-09-01T00:00:00.Z",
            "2026-09-01T00:00:00+24:00",
            "2026-09-01T00:00:00Zjunk",
            "+026-09-01T00:00:00Z",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
