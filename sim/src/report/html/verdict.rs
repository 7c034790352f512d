use super::{
    certainty::{self, certainty},
    page::Verdict,
    prose::Prose,
    ranking::Ranking,
};
use crate::{
    report::format::{count, percent, seconds},
    results::{Comparison, Summary},
};

/// What a comparison says, in words, and how far that is certain.
pub(super) fn verdict(comparison: &Comparison, ranking: &Ranking) -> Verdict {
    let of = |&place: &usize| &comparison.strategies[place];
    let Some(best) = ranking.order.first().map(of) else {
        return Verdict {
            lead: Prose::words("There was no strategy to run."),
            points: Vec::new(),
        };
    };
    let mut points = certainty(comparison, ranking, best);
    points.push(price(best, ranking));
    points.extend(near(comparison, ranking));
    if ranking.order.len() > 1 {
        points.push(baseline(comparison, ranking, best));
    }
    Verdict {
        lead: lead(comparison, ranking, best),
        points,
    }
}

fn lead(comparison: &Comparison, ranking: &Ranking, best: &Summary) -> Prose {
    let tied = ranking.order[..ranking.tied].iter();
    let tied: Vec<_> = tied
        .map(|&it| comparison.strategies[it].name.as_str())
        .collect();
    let near = match ranking.near - ranking.tied {
        0 => ".".to_owned(),
        1 => "; one other comes within half a percent of that.".to_owned(),
        near => format!("; {near} others come within half a percent of that."),
    };
    let possible = &comparison.optimum;
    let done = format!(
        "{}{} requests of {} {} that any schedule could have got admitted ({})",
        if comparison.replications > 1 {
            "on average "
        } else {
            ""
        },
        count(best.completed),
        if possible.exact { "the" } else { "at most" },
        count(possible.requests),
        percent(best.goodput),
    );
    match (comparison.strategies.len(), tied.len()) {
        (1, _) => Prose::name(&best.name).and(format!(" gets done {done}{near}")),
        (all, tied) if all == tied => {
            Prose::words(format!("All strategies get equally much done: {done}."))
        }
        (_, 1) => Prose::name(&best.name).and(format!(" gets most done: {done}{near}")),
        _ => Prose::names(&tied).and(format!(" get most done, and equally much: {done}{near}")),
    }
}

/// What the best one costs.
fn price(best: &Summary, ranking: &Ranking) -> Prose {
    let subject = match (ranking.order.len(), ranking.tied) {
        (1, _) | (_, 1) => Prose::name(&best.name),
        _ => Prose::words("Of these, ").and_name(&best.name),
    };
    let refused = match (best.refused, best.calls_per_success) {
        (0.0, _) => "is never refused".to_owned(),
        (refused, Some(calls)) => format!(
            "is refused {} times, and sends {calls:.2} calls for each success",
            count(refused)
        ),
        (refused, None) => format!("is refused {} times", count(refused)),
    };
    let latency = match (best.latency.p50_s, best.latency.p95_s) {
        (Some(p50), Some(p95)) => format!(
            "; half of its successes take up to {}, 95 % up to {}",
            seconds(p50),
            seconds(p95)
        ),
        _ => String::new(),
    };
    subject.and(format!(" {refused}{latency}{}.", undone(best)))
}

/// Which of those that get nearly as much done is refused least.
fn near(comparison: &Comparison, ranking: &Ranking) -> Option<Prose> {
    if ranking.near <= ranking.tied {
        return None;
    }
    let least = &comparison.strategies[ranking.gentle];
    let prose = Prose::words(format!("Of these {}, ", ranking.near)).and_name(&least.name);
    if ranking.order.first() == Some(&ranking.gentle) {
        return Some(prose.and(" is also refused least."));
    }
    let p95 = least.latency.p95_s.map_or_else(String::new, |p95| {
        format!("; 95 % of its successes take up to {}", seconds(p95))
    });
    Some(match least.refused {
        0.0 => prose.and(format!(" is never refused{p95}{}.", undone(least))),
        refused => prose.and(format!(
            " is refused least, {} times{p95}{}.",
            count(refused),
            undone(least)
        )),
    })
}

fn undone(of: &Summary) -> String {
    let cancelled = match of.cancelled {
        0.0 => String::new(),
        cancelled => format!("; {} requests are cancelled", count(cancelled)),
    };
    let undone = match (of.abandoned, of.unfinished) {
        (0.0, 0.0) if of.cancelled > 0.0 => String::new(),
        (0.0, 0.0) => "; it leaves nothing undone".to_owned(),
        (given_up, 0.0) => format!("; it gives {} requests up", count(given_up)),
        (0.0, left) => format!("; {} requests are not done at the end", count(left)),
        (given_up, left) => format!(
            "; it gives {} requests up, and {} are not done at the end",
            count(given_up),
            count(left)
        ),
    };
    cancelled + &undone
}

fn baseline(comparison: &Comparison, ranking: &Ranking, best: &Summary) -> Prose {
    let Some(baseline) = comparison.strategies.get(ranking.baseline) else {
        return Prose::default();
    };
    let less = best.completed - baseline.completed;
    let refused = match baseline.refused {
        0.0 => "is never refused".to_owned(),
        refused => format!("is refused {} times", count(refused)),
    };
    let latency = baseline.latency.p95_s.map_or_else(String::new, |p95| {
        format!("; 95 % of its successes take up to {}", seconds(p95))
    });
    let done = if less > 0.0 {
        let goodput = percent(baseline.goodput);
        let surely = certainty::difference(best);
        format!(
            " gets {goodput} done, {} requests fewer{surely}, and {refused}",
            count(less)
        )
    } else if ranking.order.first() == Some(&ranking.baseline) {
        return Prose::words("It is the baseline itself: nothing else gets more done.");
    } else {
        format!(" gets as much done, and {refused}")
    };
    Prose::words("The baseline, ")
        .and_name(&baseline.name)
        .and(format!(",{done}{latency}."))
}
