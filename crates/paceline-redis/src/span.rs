use std::time::Duration;

use paceline_core::Quota;

/// The largest number that scripts count with: twice it is still exact in a double.
pub(crate) const LARGEST: u64 = 1 << 52;

/// The longest burst, in microseconds: 35 years.
const LONGEST: u64 = 1 << 50;

/// How long cells last, in whole microseconds and parts of one, without rounding.
///
/// A cell lasts `period / limit`, which is hardly ever a whole number of microseconds. As a fraction in
/// lowest terms it has a denominator, and in parts of that size every number of cells is whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Spans {
    numerator: u64,
    /// Parts of a microsecond.
    pub(crate) parts: u64,
    /// Cells at once.
    pub(crate) burst: u64,
}

/// So many microseconds and parts of one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) micros: u64,
    pub(crate) part: u64,
}

impl Spans {
    /// How long cells of a quota last, or `None` if that is beyond what scripts can count.
    pub(crate) fn new(quota: Quota) -> Option<Self> {
        let (period, limit) = (u128::from(quota.period_nanos()), u128::from(quota.limit()));
        let denominator = limit.checked_mul(1_000)?;
        let common = gcd(period, denominator);
        if common == 0 {
            return None;
        }
        let spans = Self {
            numerator: u64::try_from(period / common).ok()?,
            parts: u64::try_from(denominator / common).ok()?,
            burst: quota.burst(),
        };
        let counts = spans.parts <= LARGEST && spans.burst <= LARGEST;
        (counts && spans.of(spans.burst).micros <= LONGEST).then_some(spans)
    }

    /// How long so many cells last; saturates.
    pub(crate) fn of(&self, cells: u64) -> Span {
        let all = u128::from(cells) * u128::from(self.numerator);
        let parts = u128::from(self.parts);
        let part = u64::try_from(all % parts).unwrap_or(0);
        match u64::try_from(all / parts) {
            Ok(micros) => Span { micros, part },
            Err(_) => Span {
                micros: u64::MAX,
                part,
            },
        }
    }

    /// How many cells last no longer than this.
    pub(crate) fn within(&self, span: Duration) -> u64 {
        let parts = span.as_micros().saturating_mul(u128::from(self.parts));
        let cells = parts / u128::from(self.numerator.max(1));
        u64::try_from(cells).unwrap_or(u64::MAX)
    }

    /// How long the burst lasts beyond so many of its cells.
    pub(crate) fn room(&self, cells: u64) -> Span {
        self.of(self.burst.saturating_sub(cells))
    }
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_third_of_a_microsecond_is_a_part() {
        let spans = Spans::new(Quota::per_second(3_000_000)).expect("it counts");
        assert_eq!((spans.parts, spans.of(1)), (3, Span { micros: 0, part: 1 }));
        let whole = Span {
            micros: 1_000_000,
            part: 0,
        };
        assert_eq!(spans.of(3_000_000), whole);
    }

    #[test]
    fn what_doubles_cannot_hold_is_not_counted() {
        let century = Duration::from_secs(100 * 366 * 86_400);
        let slow = Quota::new(1, century).expect("it is shorter than 584 years");
        assert_eq!(Spans::new(slow), None);
        assert_eq!(Spans::new(Quota::per_minute(u64::MAX)), None);
        assert_eq!(Spans::new(Quota::UNLIMITED), None);
        assert!(Spans::new(Quota::per_minute(450_000_000)).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Cells last exactly `cells * period / limit`.
        #[test]
        fn spans_are_exact(limit in 1..1_u64 << 30, period in 1..1_u64 << 45, cells in 0..1_u64 << 20) {
            let quota = Quota::new(limit, Duration::from_nanos(period)).expect("it is valid");
            let quota = quota.with_burst(1 << 20).expect("it is above zero");
            if let Some(spans) = Spans::new(quota) {
                let span = spans.of(cells);
                let in_parts = u128::from(span.micros) * u128::from(spans.parts) + u128::from(span.part);
                let exact = u128::from(cells) * u128::from(period) * u128::from(spans.parts);
                prop_assert_eq!(in_parts * 1_000 * u128::from(limit), exact);
                prop_assert!(span.part < spans.parts);
            }
        }
    }
}
