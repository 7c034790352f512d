use std::iter;

use comfy_table::{CellAlignment, Table, presets};

use super::format::{count, percent, seconds, short_count};
use crate::results::{Comparison, Latency, Summary};

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

/// The comparison as a table for a terminal: a line per strategy, and one per workload if there are
/// several.
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
        let per_success = strategy.calls_per_success;
        let [p50, p95, p99] = times(&strategy.latency);
        table.add_row([
            one_line(&strategy.name),
            count(strategy.completed),
            percent(strategy.goodput),
            count(strategy.refused),
            per_success.map_or_else(|| "-".to_owned(), |calls| format!("{calls:.2}")),
            p50,
            p95,
            p99,
            short_count(strategy.wasted_tokens),
            count(strategy.abandoned),
            count(strategy.unfinished),
        ]);
        for part in &strategy.workloads {
            let [p50, p95, p99] = times(&part.latency);
            let nothing = String::new;
            table.add_row([
                format!("  {}", one_line(&part.name)),
                count(part.completed),
                nothing(),
                nothing(),
                nothing(),
                p50,
                p95,
                p99,
                nothing(),
                count(part.abandoned),
                count(part.unfinished),
            ]);
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // The header, then a line per strategy and per part of it.
    let lines_of = |strategy: &Summary| {
        let bold = strategy.completed >= best;
        iter::once(bold).chain(iter::repeat_n(false, strategy.workloads.len()))
    };
    let bold = iter::once(true).chain(comparison.strategies.iter().flat_map(lines_of));
    let lines = table.lines().zip(bold).map(|(text, bold)| match style {
        Style::Coloured if bold => format!("\u{1b}[1m{}\u{1b}[0m\n", text.trim_end()),
        _ => format!("{}\n", text.trim_end()),
    });
    let lines: String = lines.collect();
    format!("{lines}\n{}", summary(comparison))
}

/// The quantiles of the table.
fn times(latency: &Latency) -> [String; 3] {
    [latency.p50_s, latency.p95_s, latency.p99_s]
        .map(|value| value.map_or_else(|| "-".to_owned(), seconds))
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
