use core::time::Duration;

use paceline_core::Timestamp;

use crate::{http_date, number::Number, rfc3339, span};

/// When a response arrived, by our clock and by the server's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    at: Timestamp,
    /// The header `Date`.
    date: Option<Timestamp>,
}

/// What a number without a unit counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
}

impl Received {
    pub(crate) fn new(at: Timestamp, date: Option<&str>) -> Self {
        Self {
            at,
            date: date.and_then(|date| http_date::parse(date, at)),
        }
    }

    pub(crate) fn after(self, span: Duration) -> Timestamp {
        self.at.saturating_add(span)
    }

    /// A moment of the server's clock on our timeline: as far from its `Date` as from our arrival.
    ///
    /// Without a `Date`, the clocks are taken to agree.
    pub(crate) fn at(self, moment: Timestamp) -> Timestamp {
        let Some(date) = self.date else {
            return moment;
        };
        if moment < date {
            self.at
                .saturating_sub(date.saturating_duration_since(moment))
        } else {
            self.at
                .saturating_add(moment.saturating_duration_since(date))
        }
    }

    /// A moment in any of the encodings that providers use.
    ///
    /// A number above 10^12 counts milliseconds since 1970, one above 10^9 seconds since 1970, and a
    /// smaller one is a span in `unit`; below zero it is unknown. Durations are as in Go; moments are in
    /// RFC 3339 or as HTTP dates.
    pub(crate) fn read(self, text: &str, unit: Unit) -> Option<Timestamp> {
        if let Some(number) = Number::parse(text) {
            return self.number(number, unit);
        }
        if let Some(span) = span::parse(text) {
            return Some(self.after(span));
        }
        let moment = rfc3339::parse(text).or_else(|| http_date::parse(text, self.at))?;
        Some(self.at(moment))
    }

    pub(crate) fn number(self, number: Number, unit: Unit) -> Option<Timestamp> {
        const MILLI: u64 = 1_000_000;
        const SECOND: u64 = 1_000_000_000;
        let above = |bound: u64| match number {
            Number::Negative => false,
            Number::Value { whole, nanos } => whole > bound || (whole == bound && nanos > 0),
        };
        let since_epoch = if above(1_000_000_000_000) {
            MILLI
        } else if unit == Unit::Seconds && above(1_000_000_000) {
            SECOND
        } else {
            let unit = match unit {
                Unit::Seconds => SECOND,
                Unit::Millis => MILLI,
            };
            return Some(self.after(span::times(number, unit)?));
        };
        let since = span::times(number, since_epoch)?;
        Some(self.at(Timestamp::EPOCH.saturating_add(since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

    /// Milliseconds after the arrival.
    fn read(text: &str, date: Option<&str>) -> Option<i128> {
        let at = Received::new(NOW, date).read(text, Unit::Seconds)?;
        Some((i128::from(at.as_nanos()) - i128::from(NOW.as_nanos())) / 1_000_000)
    }

    #[test]
    fn rule_1_the_size_of_a_number_tells_what_it_counts() {
        assert_eq!(read("1790000060000", None), Some(60_000));
        assert_eq!(read("1790000060", None), Some(60_000));
        assert_eq!(read("60", None), Some(60_000));
        // The bounds are spans and seconds themselves.
        assert_eq!(read("1000000000", None), Some(1_000_000_000_000));
        let (second, year_33658) = ("1000000000.5", "1000000000000");
        assert_eq!(read(second, None), Some(-789_999_999_500));
        assert_eq!(read(year_33658, None), None);
        assert_eq!(read("1000000000001", None), Some(-789_999_999_999));
    }

    #[test]
    fn rule_2_below_zero_is_unknown() {
        assert_eq!(read("-1", None), None);
        assert_eq!(read("-1s", None), None);
    }

    #[test]
    fn rule_4_the_clock_of_the_server_does_not_matter() {
        // Its clock is a day behind ours, or a year ahead.
        for date in [
            "Sun, 20 Sep 2026 13:33:20 GMT",
            "Tue, 21 Sep 2027 14:13:20 GMT",
        ] {
            let server = http_date::parse(date, NOW).expect("a date");
            let at = server.saturating_add(Duration::from_secs(59));
            let epoch = alloc::format!("{}", at.as_nanos() / 1_000_000_000);
            assert_eq!(read(&epoch, Some(date)), Some(59_000), "{date}");
            // What is over stays over.
            assert_eq!(read(date, Some(date)), Some(0));
        }
        let date = "Sun, 20 Sep 2026 13:33:20 GMT";
        assert_eq!(read("2026-09-20T13:33:18Z", Some(date)), Some(-2_000));
        assert_eq!(
            read("2026-09-20T13:33:18Z", Some("nonsense")),
            read("2026-09-20T13:33:18Z", None)
        );
    }
}
