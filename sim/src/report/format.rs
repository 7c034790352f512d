//! Numbers as people read them.

/// A count, with thousands set apart: `12,345`; a mean that is not whole gets one decimal.
pub(super) fn count(number: f64) -> String {
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

/// A large count in three digits: `1.23 M`.
pub(super) fn short_count(number: f64) -> String {
    for (unit, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // From here on it would be rounded up to the unit.
        if number >= unit * 0.9995 {
            return format!("{} {name}", three_digits(number / unit));
        }
    }
    count(number)
}

/// A share as a percentage: `98.7 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A span of time in three digits: `850 ms`, `12.3 s`, `4.2 min`, `3.1 h`.
pub(super) fn seconds(seconds: f64) -> String {
    for (unit, name) in [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")] {
        let least = if unit > 1.0 { 2.0 * unit } else { 0.9995 };
        if seconds >= least {
            return format!("{} {name}", three_digits(seconds / unit));
        }
    }
    format!("{} ms", three_digits(seconds * 1e3))
}

/// A round span of time, without idle zeros: `5 min`.
pub(super) fn short_seconds(span_s: f64) -> String {
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
        assert_eq!(moment(0.0), "0 s");
        assert_eq!(moment(23_100.0), "6 h 25 min");
        assert_eq!(moment(86_400.5), "1 d 0.5 s");
    }
}
