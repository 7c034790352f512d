use super::{look, ranking::Ranking, text::in_one_line};
use crate::{
    report::format::{count, percent, seconds, short_count},
    results::{Comparison, Latency, Part, Summary},
};

/// The columns of the table.
pub(super) const COLUMNS: &[&str] = &[
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
    "unfinished",
];

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
    let rows = strategies.flat_map(|(place, strategy)| {
        let is_best = best.contains(&place) && best.len() < comparison.strategies.len();
        let whole = Row {
            class: if is_best { "best" } else { "" },
            look: Some(look(place)),
            name: in_one_line(&strategy.name),
            cells: whole(strategy),
        };
        let parts = strategy.workloads.iter().map(|workload| Row {
            class: "part",
            look: None,
            name: in_one_line(&workload.name),
            cells: part(workload),
        });
        [whole].into_iter().chain(parts)
    });
    rows.collect()
}

fn whole(strategy: &Summary) -> Vec<Cell> {
    let per_success = strategy.calls_per_success;
    let [p50, p95, p99] = times(&strategy.latency);
    vec![
        cell(count(strategy.completed)),
        Cell {
            bar: Some(format!(
                "{:.1}",
                (strategy.goodput * 100.0).clamp(0.0, 100.0)
            )),
            ..cell(percent(strategy.goodput))
        },
        cell(count(strategy.refused)),
        cell(per_success.map_or_else(|| "–".to_owned(), |calls| format!("{calls:.2}"))),
        p50,
        p95,
        p99,
        cell(short_count(strategy.wasted_tokens)),
        cell(count(strategy.abandoned)),
        cell(count(strategy.unfinished)),
    ]
}

fn part(part: &Part) -> Vec<Cell> {
    let [p50, p95, p99] = times(&part.latency);
    vec![
        cell(count(part.completed)),
        Cell::default(),
        Cell::default(),
        Cell::default(),
        p50,
        p95,
        p99,
        Cell::default(),
        cell(count(part.abandoned)),
        cell(count(part.unfinished)),
    ]
}

fn times(latency: &Latency) -> [Cell; 3] {
    [latency.p50_s, latency.p95_s, latency.p99_s]
        .map(|value| cell(value.map_or_else(|| "–".to_owned(), seconds)))
}

fn cell(text: String) -> Cell {
    Cell {
        text,
        ..Cell::default()
    }
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
