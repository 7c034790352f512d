use crate::sweep::{Figure, Merged, Outcome, Row};

/// One column of a sweep's table.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) cells: Cells,
}

/// What is in a column, row by row.
pub(super) enum Cells {
    Text(Vec<String>),
    Numbers(Vec<Option<f64>>),
}

/// The table of a sweep: a row for each point and strategy. A key that takes numbers alone is a column of numbers.
pub(super) fn columns(sweep: &Merged) -> Vec<Column> {
    let head = &sweep.head;
    let text = |name: &str, of: &dyn Fn(&Outcome, &Row) -> String| Column {
        name: name.to_owned(),
        cells: Cells::Text(map(sweep, of)),
    };
    let numbers = |name: &str, of: &dyn Fn(&Outcome, &Row) -> Option<f64>| Column {
        name: name.to_owned(),
        cells: Cells::Numbers(map(sweep, of)),
    };
    let mut columns = vec![text("run", &|outcome, _| head.run_id(outcome.point))];
    for (index, (key, values)) in head.dimensions.iter().enumerate() {
        let at = |outcome: &Outcome| head.values(outcome.point)[index];
        columns.push(if values.iter().all(|value| value.parse::<f64>().is_ok()) {
            numbers(key, &|outcome, _| at(outcome).parse().ok())
        } else {
            text(key, &|outcome, _| at(outcome).to_owned())
        });
    }
    columns.push(text("strategy", &|_, row| row.strategy.clone()));
    columns.push(numbers("arrivals", &|outcome, _| Some(outcome.arrivals)));
    columns.push(numbers("optimum_requests", &|outcome, _| {
        Some(outcome.optimum)
    }));
    for figure in Figure::ALL {
        let name = figure.name();
        columns.push(numbers(name, &|_, row| Some(row.figure(figure)?.mean)));
        let ci95 = |_: &Outcome, row: &Row| row.figure(figure)?.half_width;
        columns.push(numbers(&format!("{name}_ci95"), &ci95));
    }
    columns
}

fn map<T>(sweep: &Merged, of: &dyn Fn(&Outcome, &Row) -> T) -> Vec<T> {
    let outcomes = sweep.outcomes.iter();
    let all = outcomes.flat_map(|outcome| outcome.rows.iter().map(move |row| of(outcome, row)));
    all.collect()
}
