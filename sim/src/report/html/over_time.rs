use super::{
    bins::Bins,
    charts::{Chart, Format, Line, Number},
    figures::{Figure, HINT, MOST_BINS, MOST_ROWS, table},
    prose::Prose,
    text::in_one_line,
};
use crate::{
    report::format::{count, moment, short_seconds, time_unit},
    results::{Bin, Comparison, Summary},
};

/// What the provider admitted, over time.
pub(super) fn throughput(comparison: &Comparison) -> Figure {
    let bins = Bins::at_most(MOST_BINS, comparison);
    let mut figure = over_time(
        comparison,
        "throughput",
        format!("Calls admitted per {}", short_seconds(bins.width_s)),
        |bins, strategy| bins.sums(strategy.series.iter().map(|bin| bin.admitted)),
    );
    figure.says = Prose::words("Calls that the provider admitted.");
    let line = comparison.limit_line.as_ref();
    if let Some(line) = line.filter(|_| bins.are_original()) {
        let words = format!(" The dashed line: {}.", line.label);
        figure.says = figure.says.and(words);
        figure.chart.line = Some(Line {
            value: Number(line.per_bin),
            label: in_one_line(&line.label),
        });
    }
    let peak = peak(comparison, &bins, |bin| bin.admitted, Bins::sums);
    figure.says = extreme(figure.says, " The most at a time", peak);
    figure
}

/// What it refused, over time.
pub(super) fn refusals(comparison: &Comparison) -> Figure {
    let bins = Bins::at_most(MOST_BINS, comparison);
    let mut figure = over_time(
        comparison,
        "refusals",
        format!("Calls refused per {}", short_seconds(bins.width_s)),
        |bins, strategy| bins.sums(strategy.series.iter().map(|bin| bin.refused)),
    );
    let never = comparison.strategies.iter();
    let never = never.filter(|it| it.refused == 0.0);
    let never: Vec<_> = never.map(|it| it.name.as_str()).collect();
    figure.says = Prose::words("Calls that the provider refused because of a limit.");
    let peak = peak(comparison, &bins, |bin| bin.refused, Bins::sums);
    figure.says = extreme(figure.says, " The most at a time", peak);
    if !never.is_empty() {
        figure.says = figure.says.and(" Never refused: ");
        figure.says.0.extend(Prose::names(&never).0);
        figure.says = figure.says.and(".");
    }
    figure
}

/// How many requests wait, over time.
pub(super) fn queue(comparison: &Comparison) -> Figure {
    let bins = Bins::at_most(MOST_BINS, comparison);
    let mut figure = over_time(
        comparison,
        "queue",
        "Requests waiting".to_owned(),
        |bins, strategy| bins.means(strategy.series.iter().map(|bin| bin.waiting)),
    );
    figure.says = Prose::words(format!(
        "Requests that had arrived and had no call under way (in line, between two tries, or held back), on \
         average over {}.",
        short_seconds(bins.width_s)
    ));
    let peak = peak(comparison, &bins, |bin| bin.waiting, Bins::means);
    figure.says = extreme(figure.says, " The most", peak);
    figure
}

/// The largest value of any bin of any strategy, and whose it is.
fn peak<'a>(
    comparison: &'a Comparison,
    bins: &Bins,
    of: fn(&Bin) -> f64,
    merge: fn(&Bins, std::vec::IntoIter<f64>) -> Vec<f64>,
) -> Option<(f64, &'a str)> {
    let each = comparison.strategies.iter().map(|strategy| {
        let values: Vec<f64> = strategy.series.iter().map(of).collect();
        let values = merge(bins, values.into_iter());
        (
            values.into_iter().fold(0.0, f64::max),
            strategy.name.as_str(),
        )
    });
    let most = each.reduce(|a, b| if b.0 > a.0 { b } else { a });
    most.filter(|(most, _)| *most > 0.0)
}

fn extreme(says: Prose, what: &str, peak: Option<(f64, &str)>) -> Prose {
    match peak {
        None => says,
        Some((most, name)) => {
            let most = count((most * 10.0).round() / 10.0);
            says.and(format!("{what}: {most}, by "))
                .and_name(name)
                .and(".")
        }
    }
}

/// A figure of what holds for the time of each bin.
fn over_time(
    comparison: &Comparison,
    id: &'static str,
    title: String,
    values: fn(&Bins, &Summary) -> Vec<f64>,
) -> Figure {
    let bins = Bins::at_most(MOST_BINS, comparison);
    let each = comparison.strategies.iter();
    let series = each.map(|strategy| {
        let mut series = values(&bins, strategy);
        // It holds until the end of the last bin.
        series.extend(series.last().copied());
        series.into_iter().map(|it| Some(Number(it))).collect()
    });
    let rows = Bins::at_most(MOST_ROWS, comparison);
    let columns = comparison.strategies.iter();
    let columns = columns.map(|strategy| values(&rows, strategy));
    let (unit_s, unit) = time_unit(comparison.duration_s);
    Figure {
        id,
        says: Prose::default(),
        hint: HINT,
        choices: Vec::new(),
        first_column: "time",
        table: table(spans(&rows), columns.collect(), |value| {
            count((value * 10.0).round() / 10.0)
        }),
        chart: Chart {
            id,
            format: Format::Count,
            time: Some(unit_s),
            x: bins.edges().map(|at| Number(at / unit_s)).collect(),
            choices: vec![series.collect()],
            stepped: true,
            log: false,
            x_label: format!("time since the start, in {unit}"),
            y_label: title.to_lowercase(),
            line: None,
            hint: HINT,
        },
        title,
    }
}

/// The spans of bins: `5 min to 10 min`.
fn spans(bins: &Bins) -> Vec<String> {
    let edges: Vec<_> = bins.edges().map(moment).collect();
    let spans = edges.windows(2);
    spans
        .map(|edge| format!("{} to {}", edge[0], edge[1]))
        .collect()
}
