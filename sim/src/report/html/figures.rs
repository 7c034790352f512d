use super::{
    bins::Bins,
    charts::{Chart, Format, Line, Number},
    prose::Prose,
    text::in_one_line,
};
use crate::{
    report::format::{count, moment, percent, seconds, short_seconds, time_unit},
    results::{Bin, Comparison, Summary},
};

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
const MOST_BINS: usize = 480;
/// More rows than these are not read.
const MOST_ROWS: usize = 24;
const HINT: &str = "Point at the chart, or press the arrow keys in it, to read values.";

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

fn throughput(comparison: &Comparison) -> Figure {
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

fn refusals(comparison: &Comparison) -> Figure {
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

fn queue(comparison: &Comparison) -> Figure {
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

/// A row per head, with a cell per strategy.
fn table(
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

fn latency(comparison: &Comparison) -> Figure {
    let strategies = &comparison.strategies;
    let longest = strategies.iter().map(|it| &it.latency.curve);
    let shares = longest.max_by_key(|curve| curve.len());
    let shares: Vec<f64> = shares.map_or_else(Vec::new, |it| it.iter().map(|it| it.0).collect());
    let curve = |strategy: &Summary| -> Vec<_> {
        let at = |place| strategy.latency.curve.get(place);
        let all = (0..shares.len()).map(|place| at(place).map(|it| Number(it.1.max(1e-6))));
        all.collect()
    };
    let rows = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0];
    let column = |strategy: &Summary| {
        let at = |share: &f64| {
            let mut curve = strategy.latency.curve.iter();
            let found = curve.find(|it| it.0 >= share - 1e-9);
            found.map_or(f64::NAN, |it| it.1)
        };
        rows.iter().map(at).collect()
    };
    let heads = rows.map(|share| format!("{} %", (share * 1e3_f64).round() / 10.0));
    let none = strategies.iter().filter(|it| it.latency.curve.is_empty());
    let none: Vec<_> = none.map(|it| it.name.as_str()).collect();
    let mut says = Prose::words(
        "From arrival to success: how long the fastest requests took at most, by their share of those that \
         succeeded. The vertical axis is logarithmic.",
    );
    if !none.is_empty() {
        says = says.and(" Without any success: ");
        says.0.extend(Prose::names(&none).0);
        says = says.and(".");
    }
    Figure {
        id: "latency",
        title: "Latency of successful requests".to_owned(),
        says,
        hint: HINT,
        choices: Vec::new(),
        first_column: "the fastest",
        table: table(
            heads.to_vec(),
            strategies.iter().map(column).collect(),
            seconds,
        ),
        chart: Chart {
            id: "latency",
            format: Format::Span,
            time: None,
            x: shares.iter().map(|share| Number(share * 100.0)).collect(),
            choices: vec![strategies.iter().map(curve).collect()],
            stepped: false,
            log: true,
            x_label: "share of the successful requests, in percent".to_owned(),
            y_label: "latency, at most".to_owned(),
            line: None,
            hint: HINT,
        },
    }
}

/// What limits have left; no figure if there are none.
fn left(comparison: &Comparison) -> Option<Figure> {
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
