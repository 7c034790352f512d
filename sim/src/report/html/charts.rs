use serde::{Serialize, Serializer};

/// What the page's code draws.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// The figure that it belongs to.
    pub(super) id: &'static str,
    pub(super) format: Format,
    /// How many seconds a unit of the horizontal axis lasts, if it is one of time.
    pub(super) time: Option<f64>,
    pub(super) x: Vec<Number>,
    /// For each choice and strategy, a value for each `x`.
    pub(super) choices: Vec<Vec<Vec<Option<Number>>>>,
    /// Whether a value holds until the next one.
    pub(super) stepped: bool,
    /// Whether the vertical axis is logarithmic.
    pub(super) log: bool,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) line: Option<Line>,
    pub(super) hint: &'static str,
}

/// How values are written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Count,
    Percent,
    Span,
}

/// A line across the chart.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) value: Number,
    pub(super) label: String,
}

/// A number in six digits, written as short as it can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and below 10^15"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{:.5e}", self.0);
        let rounded = text.parse().unwrap_or(self.0);
        if rounded == f64::trunc(rounded) && f64::abs(rounded) < 1e15 {
            serializer.serialize_i64(rounded as i64)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 5.0, 1.0 / 3.0, 1_234_567.8, 2e-7].map(Number);
        let text = serde_json::to_string(&numbers).expect("numbers are JSON");
        assert_eq!(text, "[0,5,0.333333,1234570,2e-7]");
    }
}
