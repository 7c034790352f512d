use super::{
    charts::{Chart, Format, Number},
    figures::{Figure, HINT, table},
    prose::Prose,
};
use crate::{
    report::format::seconds,
    results::{Comparison, Summary},
};

/// How long requests took.
pub(super) fn latency(comparison: &Comparison) -> Figure {
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
