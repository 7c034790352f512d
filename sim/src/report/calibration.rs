//! Predictions beside measurements: as a table for a terminal, as Markdown, and as data.

use serde::Serialize;

use super::{
    format::{count, percent, seconds},
    grid::Grid,
    table::one_line,
};
use crate::calibrate::{Allowed, Figure, Row, Verdict};

const GRID: Grid<7> = Grid {
    header: [
        "strategy",
        "figure",
        "predicted",
        "measured",
        "off",
        "allowed",
        "verdict",
    ],
    text: &[0, 1, 6],
};

/// A line per figure.
pub fn table(rows: &[Row]) -> String {
    GRID.lines(rows.iter().map(cells))
}

/// The same as a table of Markdown.
pub fn markdown(rows: &[Row]) -> String {
    GRID.markdown(rows.iter().map(cells))
}

fn cells(row: &Row) -> [String; 7] {
    let shown = |value: Option<f64>| match (value, row.figure) {
        (None, _) => "-".to_owned(),
        (Some(value), Figure::P50 | Figure::P95) => seconds(value),
        (Some(value), _) => count(value),
    };
    [
        one_line(&row.strategy),
        match row.figure {
            Figure::P50 => "p50".to_owned(),
            Figure::P95 => "p95".to_owned(),
            figure => figure.name().to_owned(),
        },
        shown(row.predicted),
        shown(row.measured),
        row.off()
            .map_or_else(|| "-".to_owned(), |off| format!("{:+.2} %", off * 100.0)),
        allowed(row.allowed),
        match row.verdict() {
            Verdict::Holds => "holds",
            Verdict::Fails => "DOES NOT HOLD",
            Verdict::NotJudged => "not judged",
        }
        .to_owned(),
    ]
}

fn allowed(allowed: Allowed) -> String {
    match allowed {
        Allowed::Share(share) => percent(share),
        Allowed::ShareOr(share, least) => format!("{} or {}", percent(share), count(least.floor())),
        Allowed::Anything => String::new(),
    }
}

/// The file format of JSON.
#[derive(Serialize)]
struct Line<'a> {
    strategy: &'a str,
    figure: &'static str,
    predicted: Option<f64>,
    measured: Option<f64>,
    /// None if nothing was predicted.
    off: Option<f64>,
    allowed_share: Option<f64>,
    /// Allowed as well, if that is more.
    allowed_number: Option<f64>,
    verdict: &'static str,
}

/// An object per figure, with all digits.
///
/// # Errors
///
/// Fails only if memory does.
pub fn json(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let lines = rows.iter().map(|row| {
        let (allowed_share, allowed_number) = match row.allowed {
            Allowed::Share(share) => (Some(share), None),
            Allowed::ShareOr(share, least) => (Some(share), Some(least)),
            Allowed::Anything => (None, None),
        };
        Line {
            strategy: &row.strategy,
            figure: row.figure.name(),
            predicted: row.predicted,
            measured: row.measured,
            off: row.off(),
            allowed_share,
            allowed_number,
            verdict: match row.verdict() {
                Verdict::Holds => "holds",
                Verdict::Fails => "fails",
                Verdict::NotJudged => "not_judged",
            },
        }
    });
    let mut bytes = serde_json::to_vec_pretty(&lines.collect::<Vec<_>>())?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figure: Figure, predicted: f64, measured: f64, allowed: Allowed) -> Row {
        Row {
            strategy: "one | two".to_owned(),
            figure,
            predicted: Some(predicted),
            measured: Some(measured),
            allowed,
        }
    }

    fn rows() -> [Row; 3] {
        [
            row(Figure::Completed, 100.0, 97.0, Allowed::Share(0.02)),
            row(Figure::Refused, 0.0, 4.0, Allowed::ShareOr(0.1, 4.5)),
            row(Figure::P95, 2.0, 2.5, Allowed::Anything),
        ]
    }

    #[test]
    fn every_figure_has_a_line_with_its_verdict() {
        let expected = "\
strategy   figure     predicted  measured       off      allowed  verdict
one | two  completed        100        97   -3.00 %        2.0 %  DOES NOT HOLD
one | two  refused            0         4         -  10.0 % or 4  holds
one | two  p95           2.00 s    2.50 s  +25.00 %               not judged
";
        assert_eq!(table(&rows()), expected);
    }

    #[test]
    fn names_do_not_break_a_table_of_markdown() {
        let text = markdown(&rows());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2 + 3);
        let last = r"| one \| two | p95 | 2.00 s | 2.50 s | +25.00 % |  | not judged |";
        assert_eq!(lines[4], last);
    }

    #[test]
    fn data_have_all_digits_and_verdicts_in_words() {
        let json = json(&rows()).expect("there is memory");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(json[0]["verdict"], "fails");
        assert_eq!(json[1]["verdict"], "holds");
        assert_eq!(json[1]["allowed_number"], 4.5);
        assert_eq!(json[2]["verdict"], "not_judged");
        assert!(json[1]["off"].is_null());
    }
}
