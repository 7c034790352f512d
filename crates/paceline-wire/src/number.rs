/// A number as headers write it: digits, perhaps a fraction, perhaps a minus.
///
/// Exponents, a plus, infinities and the like are no numbers here, since no provider sends them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Number {
    /// Below zero, with which providers say that they do not know.
    Negative,
    /// Zero or more.
    Value {
        /// What is before the point.
        whole: u64,
        /// What is after it, in billionths; further digits are dropped.
        nanos: u32,
    },
}

impl Number {
    /// Reads a number that fills `text`, apart from white space around it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, negative) = match text.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (whole, nanos) = match digits.split_once('.') {
            Some((whole, fraction)) => (decimal(whole)?, billionths(fraction)?),
            None => (decimal(digits)?, 0),
        };
        Some(if negative {
            Self::Negative
        } else {
            Self::Value { whole, nanos }
        })
    }

    /// As a number of cells, rounded down; unknown if negative.
    pub(crate) const fn count(self) -> Option<u64> {
        match self {
            Self::Negative => None,
            Self::Value { whole, .. } => Some(whole),
        }
    }

    /// In millionths, rounded down; saturates.
    pub(crate) fn millionths(self) -> Option<u32> {
        match self {
            Self::Negative => None,
            Self::Value { whole, nanos } => Some(
                u32::try_from(whole)
                    .unwrap_or(u32::MAX)
                    .saturating_mul(1_000_000)
                    .saturating_add(nanos / 1_000),
            ),
        }
    }
}

/// Digits and nothing else.
pub(crate) fn decimal(digits: &str) -> Option<u64> {
    // `parse` would take a plus as well.
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

/// The digits after a point, in billionths.
pub(crate) fn billionths(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        let digit = digits.as_bytes().get(place).map_or(0, |byte| byte - b'0');
        nanos = nanos * 10 + u32::from(digit);
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn value(whole: u64, nanos: u32) -> Option<Number> {
        Some(Number::Value { whole, nanos })
    }

    #[test]
    fn numbers_are_digits_with_a_fraction() {
        assert_eq!(Number::parse(" 56.5 "), value(56, 500_000_000));
        assert_eq!(Number::parse("0.05"), value(0, 50_000_000));
        assert_eq!(Number::parse("11.382867097854614"), value(11, 382_867_097));
        assert_eq!(Number::parse("-1"), Some(Number::Negative));
        assert_eq!(Number::parse("-3.5"), Some(Number::Negative));
    }

    #[test]
    fn nothing_else_is_a_number() {
        for text in [
            "",
            " ",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "1e3",
            "inf",
            "NaN",
            "0x10",
            "1,000",
            "1 2",
            "--1",
            "٣",
            "99999999999999999999",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
    }
}
