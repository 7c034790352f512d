//! Spans of time, as headers and sentences write them.

use std::time::Duration;

const MILLI: u32 = 1_000_000;

/// Rounds down to whole milliseconds.
pub(super) fn millis_down(span: Duration) -> Duration {
    span.saturating_sub(Duration::from_nanos(u64::from(span.subsec_nanos() % MILLI)))
}

/// Rounds up to whole milliseconds.
pub(super) fn millis_up(span: Duration) -> Duration {
    let down = millis_down(span);
    if down < span {
        down.saturating_add(Duration::from_millis(1))
    } else {
        down
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds_up(span: Duration) -> u64 {
    let part = u64::from(span.subsec_nanos() > 0);
    span.as_secs().saturating_add(part)
}

/// Seconds with as many digits behind the point as it takes, such as `56.5`.
pub(super) fn seconds(span: Duration) -> String {
    with_fraction(u128::from(span.as_secs()), span.subsec_nanos(), 9)
}

/// A duration as Go writes it, such as `1m26.4s`, `6ms` or `1h0m0s`.
pub(super) fn go(span: Duration) -> String {
    let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..MILLI => with_fraction((nanos / 1_000).into(), nanos % 1_000, 3) + "µs",
            _ => with_fraction((nanos / MILLI).into(), nanos % MILLI, 6) + "ms",
        };
    }
    let rest = with_fraction(u128::from(seconds % 60), nanos, 9);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// A number whose fraction has so many digits, without the zeros at its end.
fn with_fraction(whole: u128, fraction: u32, digits: usize) -> String {
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        for (nanos, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (6_000_000, "6ms"),
            (6_600_000, "6.6ms"),
            (1_000_000_000, "1s"),
            (8_640_000_000, "8.64s"),
            (60_000_000_000, "1m0s"),
            (86_400_000_000, "1m26.4s"),
            (2_037_312_000_000, "33m57.312s"),
            (3_600_000_000_000, "1h0m0s"),
            (172_800_000_000_001, "48h0m0.000000001s"),
        ] {
            assert_eq!(go(Duration::from_nanos(nanos)), expected);
        }
    }

    #[test]
    fn rounding_goes_where_it_says() {
        let span = Duration::new(7, 1_000_001);
        assert_eq!(millis_down(span), Duration::from_millis(7_001));
        assert_eq!(millis_up(span), Duration::from_millis(7_002));
        assert_eq!(seconds_up(span), 8);
        assert_eq!(
            millis_up(Duration::from_millis(7)),
            Duration::from_millis(7)
        );
        assert_eq!(seconds_up(Duration::from_secs(7)), 7);
        assert_eq!(seconds(Duration::from_millis(56_500)), "56.5");
        assert_eq!(seconds(Duration::from_secs(60)), "60");
        // Nothing overflows.
        assert_eq!(millis_up(Duration::MAX), Duration::MAX);
        assert_eq!(seconds_up(Duration::MAX), u64::MAX);
    }
}
