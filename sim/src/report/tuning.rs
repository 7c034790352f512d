use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::{
    format::{number_within, percent_within, seconds_within},
    verdicts::amount,
};
use crate::{
    compare::differences,
    results::{Difference, Metric, Summary, Verdict},
    shell::quoted,
    statistics::Estimate,
    tune::{Search, Tuned},
};

/// What was found, how sure that is, and what to type to get it.
pub fn tuning(search: &Search, tuned: &Tuned) -> String {
    let metric = search.objective;
    let mut text = format!(
        "{}: {} trials of {} runs; the favourites and what was written, on {} fresh runs:\n\n{}\n",
        search.strategy.escape_debug(),
        tuned.trials.len(),
        search.replications,
        search.fresh,
        favourites(search, tuned),
    );
    let Some(best) = tuned.best else {
        let bounds: Vec<_> = search.constraints.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "Nothing that was tried keeps to {}.\n",
            bounds.join(" and ")
        ));
        return text;
    };
    let written = &tuned.fresh.strategies[0];
    let winner = &tuned.fresh.strategies[best + 1];
    let gain = difference(tuned, winner, written, metric);
    text.push_str(&format!("Favourite {} {}.\n", best + 1, told(metric, gain)));
    let others = (0..tuned.favourites.len())
        .filter(|&place| place != best && tuned.favourites[place].feasible);
    let alike = others.filter(|&place| {
        let other = &tuned.fresh.strategies[place + 1];
        let difference = difference(tuned, other, winner, metric);
        !matches!(difference.verdict, Verdict::Better | Verdict::Worse)
    });
    let alike: Vec<usize> = std::iter::once(best).chain(alike).collect();
    if alike.len() > 1 {
        text.push_str(&format!(
            "It cannot be told from {}: anything like",
            numbers(&alike[1..])
        ));
        for (index, axis) in search.axes.iter().enumerate() {
            let values = alike
                .iter()
                .map(|&place| tuned.favourites[place].values[index].as_str());
            text.push_str(&format!(" {}={}", axis.key(), span(values)));
        }
        text.push_str(" does as well.\n");
    }
    let sets = tuned.favourites[best].overrides.iter();
    let sets: Vec<_> = sets.map(|it| format!("--set {}", quoted(it))).collect();
    text.push_str(&format!("\n{}\n", sets.join(" ")));
    text
}

/// All favourites and what was written, as a table.
fn favourites(search: &Search, tuned: &Tuned) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec![String::new()];
    header.extend(search.axes.iter().map(|axis| axis.key().to_owned()));
    header.push(search.objective.name().to_owned());
    header.extend(
        search
            .constraints
            .iter()
            .map(|bound| bound.name().to_owned()),
    );
    header.push("against what was written".to_owned());
    table.set_header(header);
    for (place, summary) in tuned.fresh.strategies.iter().enumerate() {
        let favourite = place.checked_sub(1).map(|place| &tuned.favourites[place]);
        let mut row = vec![
            favourite.map_or_else(|| "as written".to_owned(), |_| format!("favourite {place}")),
        ];
        row.extend(
            search.axes.iter().enumerate().map(|(index, _)| {
                favourite.map_or_else(String::new, |it| it.values[index].clone())
            }),
        );
        row.push(own(search.objective, summary));
        row.extend(search.constraints.iter().map(|bound| {
            let value = bound.value(&tuned.fresh, summary);
            let mark = if bound.excess(&tuned.fresh, summary) > 0.0 {
                " (too far)"
            } else {
                ""
            };
            value.map_or_else(
                || "-".to_owned(),
                |it| format!("{it:.3}{}{mark}", bound.unit()),
            )
        }));
        row.push(favourite.map_or_else(String::new, |_| {
            let gain = difference(tuned, summary, &tuned.fresh.strategies[0], search.objective);
            told(search.objective, gain)
        }));
        table.add_row(row);
    }
    let last = 1 + search.axes.len() + 1 + search.constraints.len();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index > 0 && index < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// How two strategies differ, with an interval that holds for as many as there are favourites.
fn difference(tuned: &Tuned, of: &Summary, from: &Summary, metric: Metric) -> Difference {
    let all = differences(&of.each, &from.each, tuned.favourites.len());
    let mut of_metric = all.into_iter().filter(|it| it.metric == metric);
    of_metric.next().unwrap_or(Difference {
        metric,
        of: None,
        verdict: Verdict::NothingToCompare,
    })
}

/// A verdict about the objective in words.
fn told(metric: Metric, difference: Difference) -> String {
    let by = difference
        .of
        .map_or_else(String::new, |it| format!(" by {}", amount(metric, it)));
    match difference.verdict {
        Verdict::Better => format!("is better{by}"),
        Verdict::Worse => format!("is worse{by}"),
        Verdict::NoDifference => "is no different".to_owned(),
        Verdict::CannotTell { more: Some(more) } => {
            format!("cannot be told apart; about {more} more fresh runs would tell")
        }
        Verdict::CannotTell { more: None } => "cannot be told apart".to_owned(),
        Verdict::OneRun | Verdict::NothingToCompare => "cannot be compared".to_owned(),
    }
}

/// What a strategy had of the objective.
fn own(metric: Metric, summary: &Summary) -> String {
    let Some(Estimate { mean, half_width }) = metric.of(summary) else {
        return "-".to_owned();
    };
    match metric {
        Metric::Goodput | Metric::RefusedShare => percent_within(mean, half_width),
        Metric::LatencyP95 => seconds_within(mean, half_width),
        Metric::CallsPerSuccess => number_within(mean, half_width),
    }
}

/// Places, counted from 1.
fn numbers(places: &[usize]) -> String {
    let numbers: Vec<_> = places.iter().map(|place| (place + 1).to_string()).collect();
    numbers.join(", ")
}

/// From the least to the largest number, or all words.
fn span<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut values: Vec<&str> = values.collect();
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    match numbers {
        Some(numbers) => {
            let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if least < most {
                format!("{least}..{most}")
            } else {
                format!("{least}")
            }
        }
        None => {
            values.sort_unstable();
            values.dedup();
            values.join("|")
        }
    }
}

/// Every proposal as CSV.
///
/// # Errors
///
/// Fails only if memory does.
pub fn tuning_csv(search: &Search, tuned: &Tuned) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let keys = search.axes.iter().map(|axis| axis.key());
    let bounds = search.constraints.iter().map(|bound| bound.name());
    let header = ["trial"]
        .into_iter()
        .chain(keys)
        .chain([search.objective.name()]);
    writer.write_record(header.chain(bounds).chain(["feasible"]))?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |it| it.to_string());
    for (index, trial) in tuned.trials.iter().enumerate() {
        let mut row = vec![index.to_string()];
        row.extend(trial.values.iter().cloned());
        row.push(number(trial.objective));
        row.extend(trial.bounded.iter().copied().map(number));
        row.push(trial.feasible.to_string());
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

/// What was found, as indented JSON.
///
/// # Errors
///
/// Fails only if memory does.
pub fn tuning_json(search: &Search, tuned: &Tuned) -> anyhow::Result<Vec<u8>> {
    let favourites = tuned
        .favourites
        .iter()
        .enumerate()
        .map(|(place, favourite)| {
            let summary = &tuned.fresh.strategies[place + 1];
            let gain = difference(tuned, summary, &tuned.fresh.strategies[0], search.objective);
            json!({
                "set": favourite.overrides,
                "feasible": favourite.feasible,
                "bounded": favourite.bounded,
                "goodput": summary.goodput,
                "latency_p95_s": summary.latency.p95_s,
                "calls_per_success": summary.calls_per_success,
                "difference": gain.of.map(|it| it.mean),
                "difference_ci95": gain.of.and_then(|it| it.half_width),
            })
        });
    let document = json!({
        "scenario": tuned.fresh.scenario,
        "strategy": search.strategy,
        "objective": search.objective.name(),
        "subject_to": search.constraints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "trials": tuned.trials.len(),
        "replications": search.replications,
        "fresh_runs": search.fresh,
        "best": tuned.best,
        "favourites": favourites.collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{scenario::ScenarioFile, tune};

    const SCENARIO: &str = "seed = 1
        duration_s = 120
        workload.arrivals.poisson.rate_per_min = 90
        workload.input_tokens.fixed = 1
        workload.output_tokens.fixed = 1
        [[provider.limit]]
        counts = \"requests\"
        limit = 60
        per = \"minute\"
        kind = \"gcra\"
        burst = 1
        [[strategy]]
        name = \"spaced\"
        spacing_s = 0.7";

    #[test]
    fn each_favourite_is_told_by_an_interval_that_holds_for_all_of_them() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("spaced.toml");
        fs::write(&path, SCENARIO).expect("the folder can be written to");
        let search = Search {
            file: ScenarioFile::open(&path).expect("it is there"),
            changes: Vec::new(),
            strategy: "spaced".to_owned(),
            axes: vec!["spacing_s=0.5..2".parse().expect("an axis")],
            objective: Metric::Goodput,
            constraints: Vec::new(),
            trials: 8,
            replications: 1,
            fresh: 5,
            seed: None,
        };
        let tuned = tune::tune(&search, || ()).expect("it runs");
        let count = tuned.favourites.len();
        assert!(count > 1);
        let (written, favourites) = tuned
            .fresh
            .strategies
            .split_first()
            .expect("the strategy as written");
        let as_one_of = |count, favourite: &Summary| {
            let all = differences(&favourite.each, &written.each, count);
            let mut goodput = all.into_iter().filter(|it| it.metric == Metric::Goodput);
            told(Metric::Goodput, goodput.next().expect("all have some"))
        };
        let text = tuning(&search, &tuned);
        let mut wider = 0;
        for favourite in favourites {
            let one_of_all = as_one_of(count, favourite);
            assert!(text.contains(&one_of_all), "{text}");
            wider += u32::from(one_of_all != as_one_of(1, favourite));
        }
        assert!(
            wider > 0,
            "by itself, one of them is told by another interval"
        );
        let best = tuned.best.expect("there is no bound");
        let gain = as_one_of(count, &favourites[best]);
        assert!(
            text.contains(&format!("Favourite {} {gain}.", best + 1)),
            "{text}"
        );
    }
}
