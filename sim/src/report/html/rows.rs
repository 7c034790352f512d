use super::{look, ranking::Ranking, text::in_one_line};
use crate::{
    report::format::{count, seconds, short_count},
    results::{Ci95, Comparison, Latency, Part, Summary},
};

/// The columns of the table, in order.
const COLUMNS: [&str; 12] = [
    "strategy",
    "completed",
    "goodput",
    "refused",
    "calls per success",
    "p50",
    "p95",
    "p99",
    "tokens wasted",
    "abandoned",
    "cancelled",
    "unfinished",
];

/// The place of the column that stands only where users may cancel.
const CANCELLED: usize = 10;

/// The columns of the table.
pub(super) fn columns(comparison: &Comparison) -> Vec<&'static str> {
    let mut columns = Vec::from(COLUMNS);
    if !comparison.cancels {
        columns.remove(CANCELLED);
    }
    columns
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) class: &'static str,
    /// How the strategy's marks look; none for a part of it.
    pub(super) look: Option<String>,
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// A figure.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Its interval.
    pub(super) between: Option<String>,
    /// A share in percent, to be drawn as a bar.
    pub(super) bar: Option<String>,
}

/// A row per strategy, and one per workload if there are several.
pub(super) fn rows(comparison: &Comparison, ranking: &Ranking) -> Vec<Row> {
    let best = &ranking.order[..ranking.tied];
    let strategies = comparison.strategies.iter().enumerate();
    let shown = |mut cells: Vec<Cell>| {
        if !comparison.cancels {
            // The name comes before the cells.
            cells.remove(CANCELLED - 1);
        }
        cells
    };
    let rows = strategies.flat_map(|(place, strategy)| {
        let is_best = best.contains(&place) && best.len() < comparison.strategies.len();
        let whole = Row {
            class: if is_best { "best" } else { "" },
            look: Some(look(place)),
            name: in_one_line(&strategy.name),
            cells: shown(whole(strategy)),
        };
        let parts = strategy.workloads.iter().map(move |workload| Row {
            class: "part",
            look: None,
            name: in_one_line(&workload.name),
            cells: shown(part(workload)),
        });
        [whole].into_iter().chain(parts)
    });
    rows.collect()
}

fn whole(strategy: &Summary) -> Vec<Cell> {
    let Summary { ci95, .. } = strategy;
    let [p50, p95, p99] = times(&strategy.latency, ci95);
    let percents = |share: f64| format!("{:.1} %", share * 100.0);
    vec![
        cell(strategy.completed, ci95.completed, count),
        Cell {
            bar: Some(format!(
                "{:.1}",
                (strategy.goodput * 100.0).clamp(0.0, 100.0)
            )),
            ..cell(strategy.goodput, ci95.goodput, percents)
        },
        cell(strategy.refused, ci95.refused, count),
        maybe(
            strategy.calls_per_success,
            ci95.calls_per_success,
            |calls| format!("{calls:.2}"),
        ),
        p50,
        p95,
        p99,
        cell(strategy.wasted_tokens, ci95.wasted_tokens, short_count),
        cell(strategy.abandoned, ci95.abandoned, count),
        cell(strategy.cancelled, ci95.cancelled, count),
        cell(strategy.unfinished, ci95.unfinished, count),
    ]
}

fn part(part: &Part) -> Vec<Cell> {
    let Part { ci95, .. } = part;
    let [p50, p95, p99] = times(&part.latency, ci95);
    vec![
        cell(part.completed, ci95.completed, count),
        Cell::default(),
        Cell::default(),
        Cell::default(),
        p50,
        p95,
        p99,
        Cell::default(),
        cell(part.abandoned, ci95.abandoned, count),
        cell(part.cancelled, ci95.cancelled, count),
        cell(part.unfinished, ci95.unfinished, count),
    ]
}

fn times(latency: &Latency, ci95: &Ci95) -> [Cell; 3] {
    [
        maybe(latency.p50_s, ci95.latency_p50_s, seconds),
        maybe(latency.p95_s, ci95.latency_p95_s, seconds),
        maybe(latency.p99_s, ci95.latency_p99_s, seconds),
    ]
}

fn cell(figure: f64, half: Option<f64>, format: fn(f64) -> String) -> Cell {
    Cell {
        text: format(figure),
        between: half.map(|half| format!("± {}", format(half))),
        bar: None,
    }
}

fn maybe(figure: Option<f64>, half: Option<f64>, format: fn(f64) -> String) -> Cell {
    figure.map_or_else(
        || Cell {
            text: "–".to_owned(),
            ..Cell::default()
        },
        |figure| cell(figure, half, format),
    )
}

/// What the table does not say itself.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let several = comparison
        .strategies
        .iter()
        .any(|it| !it.workloads.is_empty());
    let mut notes = Vec::new();
    if several {
        notes.push(
            "Lines below a strategy are its workloads. Refusals and calls are not told apart by workload."
                .to_owned(),
        );
    }
    notes
}
