use super::{prose::Prose, ranking::Ranking};
use crate::{
    compare::differences,
    report::format::{count, percent},
    results::{Comparison, Difference, Metric, Summary, Verdict},
};

/// How certain it is that the first of a ranking gets most done.
pub(super) fn certainty(comparison: &Comparison, ranking: &Ranking, best: &Summary) -> Vec<Prose> {
    let runs = comparison.replications;
    let others: Vec<_> = ranking.order.iter().skip(1).collect();
    if runs == 1 {
        let what = if others.is_empty() {
            "what becomes of other arrivals"
        } else {
            "whether the same strategy would win with other arrivals"
        };
        return vec![Prose::words(format!(
            "This is a single run: it cannot say {what}. Ask for more runs, such as --replications 30, to \
             learn how certain it is."
        ))];
    }
    let runs = count(runs.into());
    let mut points = Vec::new();
    if others.is_empty() {
        points.push(Prose::words(format!(
            "This is the mean of {runs} independent runs."
        )));
    } else {
        // The best one is known by its figures only, so all pairs count.
        let pairs = (others.len() + 1) * others.len() / 2;
        let against = others.into_iter().map(|&place| {
            let other = &comparison.strategies[place];
            let all = differences(&best.each, &other.each, pairs);
            (other.name.as_str(), goodput(&all).map(|it| it.verdict))
        });
        points.push(told(&best.name, &runs, &against.collect::<Vec<_>>()));
    }
    points.extend(precision(comparison));
    points
}

/// From whom the best was told by so many runs.
fn told(best: &str, runs: &str, against: &[(&str, Option<Verdict>)]) -> Prose {
    let those = |is: fn(&Verdict) -> bool| -> Vec<_> {
        let found = against
            .iter()
            .filter(|(_, verdict)| verdict.as_ref().is_some_and(is));
        found.map(|(name, _)| *name).collect()
    };
    let worse = those(|verdict| *verdict == Verdict::Better);
    let equal = those(|verdict| *verdict == Verdict::NoDifference);
    let unsure = those(|verdict| matches!(verdict, Verdict::CannotTell { .. }));
    let certain =
        format!("with 95 % confidence in all pairs together, over {runs} independent runs");
    if worse.len() == against.len() {
        return Prose::words(format!(
            "That is certain: it gets more done than any other, {certain}."
        ));
    }
    let mut prose = Prose::default();
    if !unsure.is_empty() {
        prose = prose
            .and("That is not certain: ")
            .and_name(best)
            .and(" cannot be told from ");
        prose.0.extend(Prose::names(&unsure).0);
        prose = prose.and(format!(" by {runs} runs{}. ", how_many_more(against)));
    }
    if !equal.is_empty() {
        prose = prose.and("In every run, as much was done by ");
        prose.0.extend(Prose::names(&equal).0);
        prose = prose.and(" as by ").and_name(best).and(". ");
    }
    match worse.len() {
        0 => prose,
        1 => prose
            .and_name(best)
            .and(" gets more done than ")
            .and_name(worse[0])
            .and(format!(", {certain}.")),
        more => prose
            .and_name(best)
            .and(format!(" gets more done than {more} others, {certain}.")),
    }
}

/// How many more runs it takes.
fn how_many_more(against: &[(&str, Option<Verdict>)]) -> String {
    let more = against.iter().filter_map(|(_, verdict)| match verdict {
        Some(Verdict::CannotTell { more }) => *more,
        _ => None,
    });
    more.max().map_or_else(String::new, |more| {
        format!("; about {} more would tell", count(more.into()))
    })
}

/// Whether as many runs were made as it took.
fn precision(comparison: &Comparison) -> Option<Prose> {
    let precision = comparison.precision.as_ref()?;
    let reached = if precision.reached {
        "which was reached"
    } else {
        "which was not reached"
    };
    Some(Prose::words(format!(
        "Runs were added until goodput and p95 of every strategy would be known to within {} of themselves, \
         {reached}.",
        percent(precision.target)
    )))
}

/// How much more of the optimum a strategy gets done than the baseline, if that was told.
pub(super) fn difference(strategy: &Summary) -> String {
    let estimate = goodput(&strategy.differences).and_then(|it| it.of);
    let Some((estimate, half)) = estimate.and_then(|it| Some((it, it.half_width?))) else {
        return String::new();
    };
    format!(
        " ({:.2} ± {:.2} percentage points)",
        estimate.mean.abs() * 100.0,
        half * 100.0
    )
}

fn goodput(differences: &[Difference]) -> Option<&Difference> {
    differences.iter().find(|it| it.metric == Metric::Goodput)
}
