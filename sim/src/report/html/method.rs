use crate::{report::format::short_seconds, results::Comparison};

/// What the words of the page mean.
pub(super) fn method(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let optimum = if comparison.optimum.exact {
        "The most requests that any schedule could have got admitted, with the future known and requests that \
         take no time. Some schedule reaches it."
    } else {
        "The most requests that any schedule could have got admitted, with the future known and requests that \
         take no time. It is an upper bound: whether any schedule reaches it is not known."
    };
    let bins = format!(
        "Series over time count in bins of {}, or in several of them together where there are many.",
        short_seconds(comparison.bin_s)
    );
    let same = "All strategies meet the same arrivals, sizes, latencies and faults. What happens to the n-th call of \
                a request depends on the request and n alone.";
    [
        (
            "Goodput",
            "Requests that succeeded in time, as a share of the optimum. A cache or batches may exceed it.",
        ),
        ("Optimum", optimum),
        (
            "Refused",
            "Calls that the provider turned away because of a limit.",
        ),
        (
            "Latency",
            "From the arrival of a request to its success, waiting and retries included. p95 is what 95 % of \
             the successes did not exceed.",
        ),
        (
            "Tokens wasted",
            "Input tokens of calls that were refused, failed, or succeeded too late.",
        ),
        (
            "Abandoned, unfinished",
            "Requests that a strategy gave up, and those still waiting or under way at the end.",
        ),
        ("Fairness of the comparison", same),
        ("Charts", &bins),
    ]
    .map(|(word, meaning)| (word, meaning.to_owned()))
    .to_vec()
}
