use std::iter;

use comfy_table::{CellAlignment, Table, presets};

use super::{
    format::{
        count, count_within, number_within, percent_within, seconds, seconds_within, short_count,
    },
    verdicts::{precision, verdicts},
};
use crate::results::{Ci95, Comparison, Driven, Latency, Summary};

/// Whether a table may use the colours of a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With escape codes.
    Coloured,
}

const HEADER: [&str; 12] = [
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
    "cancelled",
    "unfinished",
];

/// The place of the column that stands only where users may cancel.
const CANCELLED: usize = 10;

/// The comparison as a table for a terminal: a line per strategy, and one per workload if there are
/// several. Of more than one run it says how sure it is, and what can be told from them.
pub fn table(comparison: &Comparison, style: Style) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(shown(comparison, HEADER.map(str::to_owned)));
    let best = comparison
        .strategies
        .iter()
        .map(|s| s.completed)
        .fold(0.0, f64::max);
    for strategy in &comparison.strategies {
        let per_success = strategy.calls_per_success;
        let ci95 = &strategy.ci95;
        let [p50, p95, p99] = times(&strategy.latency, ci95);
        let row = [
            one_line(&strategy.name),
            count(strategy.completed),
            percent_within(strategy.goodput, ci95.goodput),
            count_within(strategy.refused, ci95.refused),
            per_success.map_or_else(
                || "-".to_owned(),
                |calls| number_within(calls, ci95.calls_per_success),
            ),
            p50,
            p95,
            p99,
            short_count(strategy.wasted_tokens),
            count(strategy.abandoned),
            count(strategy.cancelled),
            count(strategy.unfinished),
        ];
        table.add_row(shown(comparison, row));
        for part in &strategy.workloads {
            let [p50, p95, p99] = times(&part.latency, &part.ci95);
            let nothing = String::new;
            let row = [
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
                count(part.cancelled),
                count(part.unfinished),
            ];
            table.add_row(shown(comparison, row));
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
    let mut text = format!("{lines}\n{}", summary(comparison));
    text.push_str(&precision(comparison));
    text.push_str(&verdicts(comparison));
    text
}

/// What of a row is shown.
fn shown(comparison: &Comparison, row: [String; HEADER.len()]) -> Vec<String> {
    let mut row = Vec::from(row);
    if !comparison.cancels {
        row.remove(CANCELLED);
    }
    row
}

/// The quantiles of the table.
fn times(latency: &Latency, ci95: &Ci95) -> [String; 3] {
    [
        (latency.p50_s, ci95.latency_p50_s),
        (latency.p95_s, ci95.latency_p95_s),
        (latency.p99_s, ci95.latency_p99_s),
    ]
    .map(|(value, half)| value.map_or_else(|| "-".to_owned(), |value| seconds_within(value, half)))
}

/// What was run, and what the shares refer to.
fn summary(comparison: &Comparison) -> String {
    let Comparison {
        scenario,
        seed,
        replications,
        ..
    } = comparison;
    let how = how(comparison);
    let runs = match replications {
        1 => "1 run".to_owned(),
        more => format!("mean of {more} runs"),
    };
    let kind = if comparison.optimum.exact {
        "at best"
    } else {
        "at the very best (an upper bound)"
    };
    let warmup = match comparison.warmup_s {
        0.0 => String::new(),
        warmup => format!(" (nothing counted in the first {})", seconds(warmup)),
    };
    let sure = match replications {
        1 => "",
        _ => {
            "± is half of a 95 % interval; latencies are means of the runs' quantiles, each within 0.1 %.\n"
        }
    };
    format!(
        "{}: {} {how}{warmup}, {} requests arrived, {} could be admitted {kind}; seed {seed}, {runs}.\n\
         Goodput is the share of that number which succeeded in time; latency runs from arrival to success.\n{sure}",
        one_line(scenario),
        seconds(comparison.duration_s),
        count(comparison.arrivals),
        count(comparison.optimum.requests),
    )
}

/// Whether it was simulated, or how it was measured.
pub(super) fn how(comparison: &Comparison) -> String {
    let Some(driven) = &comparison.driven else {
        return "simulated".to_owned();
    };
    let Driven {
        against,
        speed,
        stopped,
    } = driven;
    let speed = match speed {
        1 => String::new(),
        more => format!(", {more} times as fast as time"),
    };
    let stopped = match stopped {
        true => ", and then STOPPED",
        false => "",
    };
    format!("driven against {}{speed}{stopped}", one_line(against))
}

/// Text that cannot break a line or steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
