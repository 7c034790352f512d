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

/// A span of time in three digits: `850 ms`, `12.3 s`, `4.2 min`, `3.1 h`.
pub(crate) fn seconds(seconds: f64) -> String {
    for (unit, name) in [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")] {
        let least = if unit > 1.0 { 2.0 * unit } else { 0.9995 };
        if seconds >= least {
            return format!("{} {name}", three_digits(seconds / unit));
        }
    }
    format!("{} ms", three_digits(seconds * 1e3))
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

fn three_digits(number: f64) -> String {
    let decimals = match number {
        _ if number >= 99.95 => 0,
        _ if number >= 9.995 => 1,
        _ => 2,
    };
    format!("{number:.decimals$}")
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
    }
}
