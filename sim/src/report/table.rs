use comfy_table::{CellAlignment, Table, presets};

use super::format::{count, percent, seconds, short_count};
use crate::results::Comparison;

/// Whether a table may use the colours of a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With escape codes.
    Coloured,
}

const HEADER: [&str; 11] = [
    "strategy",
    "completed",
    "goodput",
    "refused",
    "calls/success",
    "p50",
    "p95",
    "p99",
    "tokens wasted",
    "abandoned",
    "unfinished",
];

/// The comparison as a table for a terminal, one line per strategy.
pub fn table(comparison: &Comparison, style: Style) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(HEADER);
    let best = comparison
        .strategies
        .iter()
        .map(|s| s.completed)
        .fold(0.0, f64::max);
    for strategy in &comparison.strategies {
        let time = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), seconds);
        let per_success = strategy.calls_per_success;
        let cells = [
            one_line(&strategy.name),
            count(strategy.completed),
            percent(strategy.goodput),
            count(strategy.refused),
            per_success.map_or_else(|| "-".to_owned(), |calls| format!("{calls:.2}")),
            time(strategy.latency.p50_s),
            time(strategy.latency.p95_s),
            time(strategy.latency.p99_s),
            short_count(strategy.wasted_tokens),
            count(strategy.abandoned),
            count(strategy.unfinished),
        ];
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // One line for the header, then one per strategy.
    let lines = table.lines().enumerate().map(|(line, text)| {
        let strategy = line
            .checked_sub(1)
            .and_then(|index| comparison.strategies.get(index));
        let bold = strategy.is_none_or(|strategy| strategy.completed >= best);
        match style {
            Style::Coloured if bold => format!("\u{1b}[1m{}\u{1b}[0m\n", text.trim_end()),
            _ => format!("{}\n", text.trim_end()),
        }
    });
    let lines: String = lines.collect();
    format!("{lines}\n{}", summary(comparison))
}

/// What was run, and what the shares refer to.
fn summary(comparison: &Comparison) -> String {
    let Comparison {
        scenario,
        seed,
        replications,
        ..
    } = comparison;
    let runs = match replications {
        1 => "1 run".to_owned(),
        more => format!("mean of {more} runs"),
    };
    let kind = if comparison.optimum.exact {
        "at best"
    } else {
        "at the very best (an upper bound)"
    };
    format!(
        "{}: {} simulated, {} requests arrived, {} could be admitted {kind}; seed {seed}, {runs}.\n\
         Goodput is the share of that number which succeeded in time; latency runs from arrival to success.\n",
        one_line(scenario),
        seconds(comparison.duration_s),
        count(comparison.arrivals),
        count(comparison.optimum.requests),
    )
}

/// Text that cannot break a line or steer a terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
