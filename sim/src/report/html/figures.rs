use super::{
    charts::Chart,
    latency::latency,
    left::left,
    over_time::{queue, refusals, throughput},
    prose::Prose,
};
use crate::results::Comparison;

/// A chart with what is said of it, and what it shows as a table.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) says: Prose,
    pub(super) hint: &'static str,
    /// Among which limits the reader may choose.
    pub(super) choices: Vec<String>,
    pub(super) first_column: &'static str,
    pub(super) table: Vec<(String, Vec<String>)>,
    pub(super) chart: Chart,
}

/// More points than these are not told apart on a screen.
pub(super) const MOST_BINS: usize = 480;
/// More rows than these are not read.
pub(super) const MOST_ROWS: usize = 24;
/// How a reader gets values.
pub(super) const HINT: &str = "Point at the chart, or press the arrow keys in it, to read values.";

/// All figures of a comparison.
pub(super) fn figures(comparison: &Comparison) -> Vec<Figure> {
    let mut figures = vec![
        throughput(comparison),
        latency(comparison),
        queue(comparison),
        refusals(comparison),
    ];
    figures.extend(left(comparison));
    figures
}

/// A row per head, with a cell per strategy.
pub(super) fn table(
    heads: Vec<String>,
    columns: Vec<Vec<f64>>,
    format: impl Fn(f64) -> String,
) -> Vec<(String, Vec<String>)> {
    let rows = heads.into_iter().enumerate();
    rows.map(|(row, head)| {
        let cells = columns.iter().map(|column| {
            let value = column.get(row).copied().filter(|it| it.is_finite());
            value.map_or_else(|| "–".to_owned(), &format)
        });
        (head, cells.collect())
    })
    .collect()
}
