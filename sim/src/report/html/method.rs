use crate::{
    model::LATENCY_ERROR,
    report::format::{percent, short_seconds},
    results::Comparison,
    statistics::CONFIDENCE,
};

/// What the words of the page mean.
pub(super) fn method(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let mut words = figures(comparison);
    if comparison.warmup_s > 0.0 {
        let meaning = format!(
            "Nothing that happened in the first {} is counted, but for the charts over time.",
            short_seconds(comparison.warmup_s)
        );
        words.push(("Warm-up", meaning));
    }
    words.extend(certainty(comparison));
    if comparison.driven.is_some() {
        let meaning = "These are measurements: real calls, over HTTP, by the crates that a program would use. When a \
                       call was decided is taken to be when it was sent, and what limits have left is not known.";
        words.push(("Driven", meaning.to_owned()));
    }
    words.push((
        "Fairness",
        "All strategies meet the same arrivals, sizes, latencies and faults. What happens to the n-th call of a \
         request depends on the request and n alone."
            .to_owned(),
    ));
    words.push((
        "Charts",
        format!(
            "Series over time are in bins of {}, or in several of them together where there are many. A limit's \
             share is taken just before the end of each bin, of the most that it holds at once.",
            short_seconds(comparison.bin_s)
        ),
    ));
    words
}

fn figures(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let reached = if comparison.optimum.exact {
        "Some schedule reaches it."
    } else {
        "It is an upper bound: whether any schedule reaches it is not known."
    };
    let optimum = format!(
        "The most requests that any schedule could have got admitted, if it knew the future and requests took no \
         time. {reached}"
    );
    let latency = format!(
        "From the arrival of a request to its success, waiting and retries included. p95 is what 95 % of the \
         successes did not exceed, to {}.",
        percent(LATENCY_ERROR)
    );
    let words = [
        (
            "Goodput",
            "Requests that succeeded in time, as a share of the optimum. A cache or batches may exceed it.",
        ),
        ("Optimum", &optimum),
        (
            "Refused",
            "Calls that the provider turned away because of a limit.",
        ),
        ("Latency", &latency),
        (
            "Tokens wasted",
            "Input tokens of calls that were refused, failed, or succeeded too late.",
        ),
        (
            "Abandoned, unfinished",
            "Requests that a strategy gave up, and those still waiting or under way at the end.",
        ),
    ];
    words
        .map(|(word, meaning)| (word, meaning.to_owned()))
        .to_vec()
}

/// How figures of several runs are to be taken.
fn certainty(comparison: &Comparison) -> Option<(&'static str, String)> {
    (comparison.replications > 1).then(|| {
        let meaning = format!(
            "± is half the width of a {} confidence interval, by Student's t over independent runs. Strategies are \
             told apart by their differences run by run, as they met the same arrivals, and all pairs hold at that \
             confidence together (Bonferroni).",
            percent(CONFIDENCE)
        );
        ("Certainty", meaning)
    })
}
