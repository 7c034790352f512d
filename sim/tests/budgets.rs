//! What bounds calls over all requests of a client; `sim validate` has the published numbers.

mod program;
mod tallied;
mod text;

use paceline_sim::report;
use program::fails;
use tallied::tally;
use text::read;

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).expect("not so many"))
}

/// A hundred clients call ten times a second each for ten seconds, and a share of all calls fails.
fn failing(error_rate: f64, strategy: &str) -> String {
    format!(
        "seed = 21
        duration_s = 10
        [workload]
        arrivals.poisson = {{ rate_per_min = 60_000 }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        error_rate = {error_rate}
        network.exponential = {{ mean_s = 0.01 }}
        [[strategy]]
        name = \"it\"
        clients = 100
        backoff.delay.constant_s = 0
        {strategy}"
    )
}

/// Half of ten tokens are gone after five failures, if every call fails.
#[test]
fn a_grpc_throttle_ends_retries_of_what_fails_altogether() {
    let strategy = "budget.grpc = { tokens = 10, per_success = 0.1 }";
    let text = failing(1.0, strategy).replacen("clients = 100\n", "", 1);
    let tally = tally(&text);
    let total = tally.total();
    let ended = total.abandoned;
    // Four failures are retried, among them retries.
    assert_eq!(tally.calls - total.unfinished - ended, 4);
}

/// A provider takes a hundred calls a second, five hundred want to go, and `sim validate` says how many are sent.
#[test]
fn a_throttle_holds_back_what_would_have_been_refused() {
    let text = |throttle: &str| {
        format!(
            "seed = 22
            duration_s = 400
            [workload]
            arrivals.poisson = {{ rate_per_min = 30_000 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[provider.limit]]
            counts = \"requests\"
            limit = 100
            period_s = 1
            kind = \"gcra\"
            [[strategy]]
            name = \"it\"
            {throttle}"
        )
    };
    for throttle in ["", "throttle = {}"] {
        let tally = tally(&text(throttle));
        // What is accepted stays what it was.
        assert!(count(tally.total().completed) > 0.98 * 40_000.0);
        // Who was held back has failed, without a call.
        let total = tally.total();
        let held_back = total.completed + total.abandoned + total.unfinished - tally.calls;
        assert_eq!(total.abandoned, tally.refused + held_back);
        assert_eq!(held_back == 0, throttle.is_empty());
    }
}

#[test]
fn check_explains_budgets_and_throttles() {
    let text = |strategy: &str| report::explanation(&read(&failing(0.0, strategy)));
    for (strategy, part) in [
        (
            "budget.ratio = { percent = 10, time_to_live_s = 60 }",
            "at most 100 saved up, kept for 60 s, 0 at the start",
        ),
        (
            "budget.grpc = {}",
            "no retries while half of 10 tokens are gone; a failure takes one, a success returns 0.1",
        ),
        (
            "budget.breaker = { percent = 10, window_s = 60 }",
            "no retries while failures exceed 10 % of the first calls of the last 60 s",
        ),
        (
            "throttle = {}",
            "holds calls back beyond 200 % of those accepted in the last 2 min",
        ),
    ] {
        let text = text(strategy);
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn budgets_and_throttles_without_meaning_are_refused() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for (strategy, parts) in [
        (
            "budget.grpc = { tokens = 0 }",
            ["strategy `it`", "from 1 to 1000"],
        ),
        (
            "budget.grpc = { per_success = 0.0001 }",
            ["strategy `it`", "earn some"],
        ),
        (
            "budget.grpc = { per_success = 0 }",
            ["per_success", "above 0"],
        ),
        (
            "budget.breaker = { percent = 101 }",
            ["strategy `it`", "from 0 to 1"],
        ),
        ("budget.breaker = {}", ["budget", "`percent`"]),
        (
            "throttle.multiple_percent = 99",
            ["strategy `it`", "at least 1"],
        ),
        ("throttle.window_s = 0", ["window_s", "nanosecond"]),
    ] {
        let path = program::scenario(folder.path(), |_| failing(0.0, strategy));
        fails(&["check", &path], &parts);
    }
}
