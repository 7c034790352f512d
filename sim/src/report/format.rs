//! Numbers as people read them.

use crate::scenario::limit::RateLimit;

/// A count, with thousands set apart: `12,345`; a mean that is not whole gets one decimal.
pub(crate) fn count(number: f64) -> String {
    let decimals = usize::from((number - number.round()).abs() > 1e-9);
    let text = format!("{number:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() {
        grouped
    } else {
        format!("{grouped}.{fraction}")
    }
}

/// A whole count, in the same way.
#[expect(clippy::cast_precision_loss, reason = "shown to people")]
pub(crate) fn count_u64(number: u64) -> String {
    count(number as f64)
}

/// A limit in a few words: `100 requests/min`.
pub(crate) fn limit(rate: &RateLimit) -> String {
    let number = count_u64(rate.quota.limit());
    format!("{number} {}/{}", rate.counts, rate.per)
}

/// A large count in three digits: `1.23 M`.
pub(crate) fn short_count(number: f64) -> String {
    for (unit, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // From here on it would be rounded up to the unit.
        if number >= unit * 0.9995 {
            return format!("{} {name}", three_digits(number / unit));
        }
    }
    count(number)
}

/// A share as a percentage: `98.7 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A count, and how sure it is: `1,234.5 ± 6.7`.
pub(super) fn count_within(mean: f64, half: Option<f64>) -> String {
    half.map_or_else(
        || count(mean),
        |half| format!("{} ± {}", count(mean), count(half)),
    )
}

/// A share as a percentage, and how sure it is: `98.7 ± 0.4 %`.
pub(super) fn percent_within(share: f64, half: Option<f64>) -> String {
    half.map_or_else(
        || percent(share),
        |half| format!("{:.1} ± {:.1} %", share * 100.0, half * 100.0),
    )
}

/// A number with two decimals, and how sure it is: `1.03 ± 0.02`.
pub(super) fn number_within(mean: f64, half: Option<f64>) -> String {
    half.map_or_else(
        || format!("{mean:.2}"),
        |half| format!("{mean:.2} ± {half:.2}"),
    )
}

/// A number with two figures at least and a decimal, and how sure it is: `12.3 ± 0.4`, `0.034 ± 0.002`.
pub(super) fn figures_within(mean: f64, half: Option<f64>) -> String {
    let digits = match mean.abs() {
        size if size >= 1.0 => 1,
        size if size >= 0.1 => 2,
        size if size >= 0.01 => 3,
        _ => 4,
    };
    let half = half.map_or_else(String::new, |half| format!(" ± {half:.digits$}"));
    format!("{mean:.digits$}{half}")
}

/// A span of time, and how sure it is, in the unit and with the decimals of the span: `12.3 ± 0.4 s`.
pub(super) fn seconds_within(mean: f64, half: Option<f64>) -> String {
    let (unit, name) = unit_of(mean);
    let digits = decimals(mean / unit);
    half.map_or_else(
        || seconds(mean),
        |half| format!("{:.digits$} ± {:.digits$} {name}", mean / unit, half / unit),
    )
}

/// A span of time in three digits: `850 ms`, `12.3 s`, `4.2 min`, `3.1 h`.
pub(crate) fn seconds(seconds: f64) -> String {
    let (unit, name) = unit_of(seconds);
    format!("{} {name}", three_digits(seconds / unit))
}

/// The unit in which people read a span of time, in seconds, and its name.
fn unit_of(seconds: f64) -> (f64, &'static str) {
    for (unit, name) in [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")] {
        let least = if unit > 1.0 { 2.0 * unit } else { 0.9995 };
        if seconds >= least {
            return (unit, name);
        }
    }
    (1e-3, "ms")
}

/// A round span of time, without idle zeros: `5 min`.
pub(crate) fn short_seconds(span_s: f64) -> String {
    let text = seconds(span_s);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// A unit for a time axis that lasts so long: its length in seconds, and its name.
pub(super) fn time_unit(duration_s: f64) -> (f64, &'static str) {
    match duration_s {
        _ if duration_s > 4.0 * 86_400.0 => (86_400.0, "days"),
        _ if duration_s > 3.0 * 3_600.0 => (3_600.0, "hours"),
        _ if duration_s > 180.0 => (60.0, "minutes"),
        _ => (1.0, "seconds"),
    }
}

/// A moment since the start: `6 h 25 min`.
pub(super) fn moment(at_s: f64) -> String {
    let mut left = (at_s * 1e3).round() / 1e3;
    let mut parts = Vec::new();
    for (unit, name) in [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")] {
        let whole = (left / unit).floor();
        if whole > 0.0 {
            parts.push(format!("{whole} {name}"));
            left -= whole * unit;
        }
    }
    let left = (left * 1e3).round() / 1e3;
    if left > 0.0 || parts.is_empty() {
        parts.push(format!("{left} s"));
    }
    parts.join(" ")
}

fn three_digits(number: f64) -> String {
    let decimals = decimals(number);
    format!("{number:.decimals$}")
}

const fn decimals(number: f64) -> usize {
    match number {
        _ if number >= 99.95 => 0,
        _ if number >= 9.995 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(999.0), "999");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(1_234.56), "1,234.6");
        assert_eq!(short_count(950.0), "950");
        assert_eq!(short_count(999_600.0), "1.00 M");
        assert_eq!(short_count(12_345_678.0), "12.3 M");
        assert_eq!(percent(0.98765), "98.8 %");
    }

    #[test]
    fn intervals_read_well() {
        assert_eq!(count_within(1_234.5, Some(6.66)), "1,234.5 ± 6.7");
        assert_eq!(percent_within(0.96, Some(0.004)), "96.0 ± 0.4 %");
        assert_eq!(number_within(1.034, Some(0.02)), "1.03 ± 0.02");
        assert_eq!(figures_within(12.34, Some(0.4)), "12.3 ± 0.4");
        assert_eq!(figures_within(0.0341, Some(0.002)), "0.034 ± 0.002");
        assert_eq!(figures_within(1.0, None), "1.0");
        assert_eq!(seconds_within(12.34, Some(0.4)), "12.3 ± 0.4 s");
        assert_eq!(seconds_within(0.85, Some(0.002)), "850 ± 2 ms");
        assert_eq!(seconds_within(180.0, Some(90.0)), "3.00 ± 1.50 min");
        assert_eq!(seconds_within(90.0, None), seconds(90.0));
        assert_eq!(percent_within(0.96, None), percent(0.96));
    }

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(0.0), "0.00 ms");
        assert_eq!(seconds(0.85), "850 ms");
        assert_eq!(seconds(1.0), "1.00 s");
        assert_eq!(seconds(90.0), "90.0 s");
        assert_eq!(seconds(180.0), "3.00 min");
        assert_eq!(seconds(11_160.0), "3.10 h");
        assert_eq!(seconds(400_000.0), "4.63 d");
        assert_eq!(short_seconds(300.0), "5 min");
        assert_eq!(short_seconds(100.0), "100 s");
        assert_eq!(short_seconds(150.0), "2.5 min");
        assert_eq!(moment(0.0), "0 s");
        assert_eq!(moment(23_100.0), "6 h 25 min");
        assert_eq!(moment(86_400.5), "1 d 0.5 s");
    }
}
