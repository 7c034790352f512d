//! What can be told from several runs, in plain words.

use comfy_table::{Table, presets};

use super::{
    format::{count, figures_within, seconds_within},
    table::one_line,
};
use crate::{
    results::{Comparison, Difference, Metric, Verdict},
    statistics::Estimate,
};

/// Whether the precision that was asked for was reached; nothing if none was.
pub(super) fn precision(comparison: &Comparison) -> String {
    let Some(precision) = &comparison.precision else {
        return String::new();
    };
    let target = share(precision.target);
    if precision.reached {
        return format!(
            "Goodput and p95 of every strategy are known within {target} of themselves.\n"
        );
    }
    let (strategy, metric) = &precision.least;
    let known = precision.worst.map_or_else(
        || "is not known at all".to_owned(),
        |worst| format!("is known within {} only", share(worst)),
    );
    format!(
        "Gave up: not within {target} after {} runs; {} of {} {known}.\n",
        count(f64::from(comparison.replications)),
        name(*metric),
        one_line(strategy),
    )
}

/// How strategies differ from the baseline; nothing of one run, or of one strategy.
pub(super) fn verdicts(comparison: &Comparison) -> String {
    let others = comparison.strategies.iter();
    let others: Vec<_> = others.filter(|it| !it.differences.is_empty()).collect();
    if comparison.replications < 2 || others.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let baseline = format!("against {}", one_line(&comparison.baseline));
    table.set_header(
        [baseline]
            .into_iter()
            .chain(Metric::ALL.map(name).map(str::to_owned)),
    );
    for strategy in others {
        let name = one_line(&strategy.name);
        table.add_row(
            [name]
                .into_iter()
                .chain(strategy.differences.iter().map(cell)),
        );
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|text| format!("{}\n", text.trim_end()));
    let lines: String = lines.collect();
    format!(
        "\n{lines}\nDifferences are of the same runs, and all of them hold together with 95 % confidence.\n"
    )
}

fn cell(difference: &Difference) -> String {
    match (difference.verdict, difference.of) {
        (verdict @ (Verdict::Better | Verdict::Worse), Some(of)) => {
            format!("{} by {}", words(verdict), amount(difference.metric, of))
        }
        (verdict, _) => words(verdict),
    }
}

/// How large a difference is, and how sure.
pub(super) fn amount(metric: Metric, of: Estimate) -> String {
    let (mean, half) = (of.mean.abs(), of.half_width);
    match metric {
        Metric::Goodput | Metric::RefusedShare => {
            let points = figures_within(mean * 100.0, half.map(|half| half * 100.0));
            format!("{points} points")
        }
        Metric::LatencyP95 => seconds_within(mean, half),
        Metric::CallsPerSuccess => figures_within(mean, half),
    }
}

/// A verdict in plain words.
pub(super) fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Better => "better".to_owned(),
        Verdict::Worse => "worse".to_owned(),
        Verdict::NoDifference => "no difference".to_owned(),
        Verdict::CannotTell { more: Some(more) } => {
            format!("cannot tell: run about {} more", count(f64::from(more)))
        }
        Verdict::CannotTell { more: None } => "cannot tell: 100,000 more would not do".to_owned(),
        Verdict::OneRun => "one run: --replications 10 or more says how sure".to_owned(),
        Verdict::NothingToCompare => "nothing to compare".to_owned(),
    }
}

/// The name of a metric, for people.
const fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Goodput => "goodput",
        Metric::RefusedShare => "refused share",
        Metric::LatencyP95 => "p95",
        Metric::CallsPerSuccess => "calls/success",
    }
}

/// A share in percent, with the decimals that it needs: `2 %`, `0.05 %`.
fn share(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}
