use super::{
    bins::Bins,
    charts::{Chart, Format, Number},
    figures::{Figure, HINT, MOST_BINS, MOST_ROWS, table},
    prose::Prose,
    text::in_one_line,
};
use crate::{
    report::format::{count, moment, percent, time_unit},
    results::{Comparison, Summary},
};

/// What limits have left; no figure if there are none.
pub(super) fn left(comparison: &Comparison) -> Option<Figure> {
    if comparison.limits.is_empty() {
        return None;
    }
    let limits = comparison.limits.iter().map(|limit| {
        let provider = limit.provider.iter();
        let provider: String = provider
            .map(|name| format!("{}: ", in_one_line(name)))
            .collect();
        format!(
            "{provider}{} {}",
            count(limit.cells),
            in_one_line(&limit.unit)
        )
    });
    let mut choices: Vec<_> = limits.collect();
    if choices.len() > 1 {
        choices.insert(0, "the tightest at each moment".to_owned());
    }
    let bins = Bins::at_most(MOST_BINS, comparison);
    let full_at_first = |left: &[f64]| -> Vec<_> {
        let ends = bins.ends(left).into_iter();
        let all = [1.0].into_iter().chain(ends);
        all.map(|share| Some(Number(share))).collect()
    };
    let strategies = &comparison.strategies;
    let tightest: Vec<_> = strategies.iter().map(|it| tightest(&it.left)).collect();
    let mut series: Vec<Vec<_>> = Vec::new();
    if choices.len() > 1 {
        series.push(tightest.iter().map(|it| full_at_first(it)).collect());
    }
    for limit in 0..comparison.limits.len() {
        let of = |it: &Summary| full_at_first(it.left.get(limit).map_or(&[], Vec::as_slice));
        series.push(strategies.iter().map(of).collect());
    }
    let rows = Bins::at_most(MOST_ROWS, comparison);
    let columns = tightest.iter().map(|it| rows.ends(it));
    let heads = rows.edges().skip(1).map(moment);
    let (unit_s, unit) = time_unit(comparison.duration_s);
    Some(Figure {
        id: "left",
        title: "Quota left at the provider".to_owned(),
        says: Prose::words(
            "What a limit would still have admitted at once, as a share of the most that it holds; the mean of \
             all keys, and whoever used it. The table is about the tightest limit at each moment.",
        ),
        hint: HINT,
        choices,
        first_column: "time",
        table: table(heads.collect(), columns.collect(), percent),
        chart: Chart {
            id: "left",
            format: Format::Percent,
            time: Some(unit_s),
            x: bins.edges().map(|at| Number(at / unit_s)).collect(),
            choices: series,
            stepped: false,
            log: false,
            x_label: format!("time since the start, in {unit}"),
            y_label: "left".to_owned(),
            line: None,
            hint: HINT,
        },
    })
}

/// The smallest share of any limit, bin by bin.
fn tightest(left: &[Vec<f64>]) -> Vec<f64> {
    let bins = left.iter().map(Vec::len).min().unwrap_or(0);
    let least = |bin: usize| left.iter().map(|it| it[bin]).fold(1.0, f64::min);
    (0..bins).map(least).collect()
}
