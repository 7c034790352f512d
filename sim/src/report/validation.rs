//! The validation as a table for a terminal, as Markdown for the documentation, and as data.

use serde::Serialize;

use super::grid::Grid;
use crate::validate::{Expected, Family, Row, Verdict};

const GRID: Grid<9> = Grid {
    header: [
        "model",
        "parameters",
        "quantity",
        "expected",
        "source",
        "measured",
        "95 %",
        "z",
        "verdict",
    ],
    text: &[0, 1, 2, 4, 8],
};

/// A line per number.
pub fn table(rows: &[Row]) -> String {
    GRID.lines(rows.iter().map(cells))
}

/// A table per family.
pub fn markdown(rows: &[Row]) -> String {
    let tables = Family::ALL.into_iter().filter_map(|family| {
        let mut rows = rows.iter().filter(|row| row.family == family).peekable();
        rows.peek()?;
        let table = GRID.markdown(rows.map(cells));
        Some(format!("### {}\n\n{table}\n", family.title()))
    });
    tables.collect()
}

fn cells(row: &Row) -> [String; 9] {
    let measured = &row.measured;
    let exact = measured.standard_error == 0.0;
    let decimals = match exact {
        true => 6,
        false => decimals(measured.half_width()),
    };
    [
        row.model.clone(),
        row.parameters.clone(),
        row.quantity.clone(),
        expected(row.expected),
        row.source.to_owned(),
        number(measured.mean, decimals),
        match exact {
            true => "exact".to_owned(),
            false => format!("± {}", number(measured.half_width(), decimals)),
        },
        row.z().map_or_else(String::new, |z| format!("{z:+.2}")),
        name(row.verdict()).to_owned(),
    ]
}

/// What a number should be; ± is 95 %.
fn expected(expected: Expected) -> String {
    match expected {
        Expected::Exactly(value) => number(value, 6),
        Expected::About(value, error) => {
            let half_width = 1.96 * error;
            let decimals = decimals(half_width);
            format!(
                "{} ± {}",
                number(value, decimals),
                number(half_width, decimals)
            )
        }
        Expected::Within(least, most) => format!("{least} to {most}"),
        Expected::Unknown => String::new(),
    }
}

/// As many decimals as leave two digits of an error, up to six.
fn decimals(error: f64) -> usize {
    (0..6)
        .find(|&decimals| error * 10_f64.powi(decimals) >= 9.5)
        .and_then(|decimals| usize::try_from(decimals).ok())
        .unwrap_or(6)
}

/// A number without idle zeros.
fn number(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if decimals < 6 || !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees => "agrees",
        Verdict::Disagrees => "DISAGREES",
        Verdict::KeptAside => "kept aside",
    }
}

/// The file format of both.
#[derive(Serialize)]
struct Line<'a> {
    family: &'static str,
    model: &'a str,
    parameters: &'a str,
    quantity: &'a str,
    /// The least and the most, if they differ; neither, if nothing is known.
    expected: Option<f64>,
    expected_most: Option<f64>,
    expected_standard_error: Option<f64>,
    source: &'a str,
    measured: f64,
    standard_error: f64,
    half_width_95: f64,
    runs: u32,
    z: Option<f64>,
    verdict: &'static str,
}

impl<'a> Line<'a> {
    fn new(row: &'a Row) -> Self {
        let (expected, expected_most, expected_standard_error) = match row.expected {
            Expected::Exactly(value) => (Some(value), None, None),
            Expected::About(value, error) => (Some(value), None, Some(error)),
            Expected::Within(least, most) => (Some(least), Some(most), None),
            Expected::Unknown => (None, None, None),
        };
        let measured = &row.measured;
        Self {
            family: row.family.title(),
            model: &row.model,
            parameters: &row.parameters,
            quantity: &row.quantity,
            expected,
            expected_most,
            expected_standard_error,
            source: row.source,
            measured: measured.mean,
            standard_error: measured.standard_error,
            half_width_95: match measured.standard_error == 0.0 {
                true => 0.0,
                false => measured.half_width(),
            },
            runs: measured.runs,
            z: row.z(),
            verdict: match row.verdict() {
                Verdict::Agrees => "agrees",
                Verdict::Disagrees => "disagrees",
                Verdict::KeptAside => "kept_aside",
            },
        }
    }
}

/// A line per number, with all digits.
///
/// # Errors
///
/// Fails only if memory does.
pub fn csv(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(Line::new(row))?;
    }
    Ok(writer.into_inner()?)
}

/// An object per number, with all digits.
///
/// # Errors
///
/// Fails only if memory does.
pub fn json(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let lines: Vec<Line<'_>> = rows.iter().map(Line::new).collect();
    let mut bytes = serde_json::to_vec_pretty(&lines)?;
    bytes.push(b'\n');
    Ok(bytes)
}
