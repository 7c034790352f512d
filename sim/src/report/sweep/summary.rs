use crate::{
    report::format::{count_within, number_within, percent_within, seconds_within},
    statistics::Estimate,
    sweep::{Figure, Merged, Outcome},
};

/// Which point was best for each strategy, in words.
pub fn sweep_summary(sweep: &Merged, figure: Figure) -> String {
    let head = &sweep.head;
    let runs = match head.replications {
        1 => "1 run".to_owned(),
        more => format!("mean of {more} runs"),
    };
    let mut text = format!(
        "{}: {} points, seed {}, {runs}; the best {} of each strategy:\n",
        head.scenario.escape_debug(),
        head.points(),
        head.seed,
        figure.name(),
    );
    let names = sweep.outcomes.first().map_or(&[][..], |first| &first.rows);
    for (place, row) in names.iter().enumerate() {
        let strategy = row.strategy.escape_debug();
        let line = match best(sweep, figure, place) {
            None => format!("  {strategy}: none\n"),
            Some((point, estimate)) => {
                let values = head.dimensions.iter().zip(head.values(point));
                let at: Vec<_> = values
                    .map(|((key, _), value)| format!("{key}={value}"))
                    .collect();
                format!(
                    "  {strategy}: {} at {}\n",
                    shown(figure, estimate),
                    at.join(" ")
                )
            }
        };
        text.push_str(&line);
    }
    text
}

/// The first of the best points for the strategy at this place.
fn best(sweep: &Merged, figure: Figure, strategy: usize) -> Option<(usize, Estimate)> {
    let of = |outcome: &Outcome| Some((outcome.point, outcome.rows.get(strategy)?.figure(figure)?));
    sweep.outcomes.iter().filter_map(of).reduce(|best, next| {
        let better = if figure.more_is_better() {
            next.1.mean > best.1.mean
        } else {
            next.1.mean < best.1.mean
        };
        if better { next } else { best }
    })
}

/// A figure as people read it.
fn shown(figure: Figure, Estimate { mean, half_width }: Estimate) -> String {
    match figure {
        Figure::Goodput => percent_within(mean, half_width),
        Figure::LatencyP50 | Figure::LatencyP95 | Figure::LatencyP99 => {
            seconds_within(mean, half_width)
        }
        Figure::CallsPerSuccess => number_within(mean, half_width),
        _ => count_within(mean, half_width),
    }
}

/// The mean of a figure as people read it.
pub(super) fn mean_shown(figure: Figure, mean: f64) -> String {
    let half_width = None;
    shown(figure, Estimate { mean, half_width })
}
