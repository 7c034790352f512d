//! What must add up. Numbers that are known in advance stand in `sim validate`.

mod bound;
mod common;
mod house;
mod text;

use std::path::Path;

use common::{run, strategy};
use house::shipped;
use paceline_sim::{compare::compare, results::Summary, scenario::Scenario};

fn close(measured: f64, expected: f64, within: f64) {
    let off = (measured - expected).abs();
    assert!(
        off <= within,
        "{measured} instead of {expected} +- {within}"
    );
}

/// Who keeps the limit wastes no call, where a herd needs 5500; see `sim validate --only bursts`.
#[test]
fn a_backlog_that_keeps_the_limit_needs_a_call_for_each_job() {
    let comparison = shipped("batch-1000.toml");
    let herd = strategy(&comparison, "exact Retry-After");
    assert_eq!((herd.completed, herd.refused), (1_000.0, 4_500.0));
    assert_eq!(comparison.optimum.requests, 1_000.0);
    assert!(comparison.optimum.exact);
    for paced in ["fixed window of its own", "GCRA, window-safe"] {
        let paced = strategy(&comparison, paced);
        assert_eq!((paced.completed, paced.calls), (1_000.0, 1_000.0));
    }
}

/// What came in went somewhere, and every call had an outcome.
#[test]
fn requests_and_calls_add_up() {
    for name in ["quickstart.toml", "batch-1000.toml", "free-tier.toml"] {
        let comparison = shipped(name);
        for strategy in &comparison.strategies {
            let ends = strategy.completed + strategy.abandoned + strategy.unfinished;
            assert_eq!(ends, comparison.arrivals, "{name}: {}", strategy.name);
            assert!(strategy.completed <= comparison.optimum.requests, "{name}");
            assert!(strategy.goodput <= 1.0, "{name}: {}", strategy.name);
            let binned: f64 = strategy
                .series
                .iter()
                .map(|bin| bin.admitted + bin.refused)
                .sum();
            assert!(binned <= strategy.calls, "{name}: {}", strategy.name);
        }
    }
}

/// Strategies under one seed meet the same requests, sizes and luck.
#[test]
fn strategies_share_their_arrivals() {
    let comparison = shipped("free-tier.toml");
    let mut reversed = Scenario::read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/free-tier.toml"),
        &[],
    )
    .expect("shipped scenarios are legal");
    reversed.strategies.reverse();
    let reversed = compare(&reversed, 1, || ()).expect("there is no trace to fail");
    for (forward, backward) in comparison
        .strategies
        .iter()
        .zip(reversed.strategies.iter().rev())
    {
        // Only whom they are compared with depends on the order.
        let alone = |strategy: &Summary| Summary {
            differences: Vec::new(),
            ..strategy.clone()
        };
        assert_eq!(alone(forward), alone(backward));
    }
}

/// A limit of its own, equal to the provider's, is never refused.
#[test]
fn a_client_that_keeps_the_limits_is_not_refused() {
    for kind in [
        "gcra",
        "token-bucket",
        "stepped-bucket",
        "sliding-log",
        "sliding-counter",
        "strict-counter",
        "fixed-window",
        "calendar",
    ] {
        let limit =
            format!("counts = \"tokens\"\nlimit = 6_000\nper = \"minute\"\nkind = \"{kind}\"\n");
        let text = format!(
            "seed = 5\nduration_s = 7_200
             [workload]
             arrivals.gamma = {{ rate_per_min = 60, shape = 0.2 }}
             input_tokens.lognormal = {{ median = 60, sigma = 1, max = 4_000 }}
             output_tokens.fixed = 10
             [provider]
             charge = \"input+max_tokens\"
             [[provider.limit]]\n{limit}
             [[strategy]]\nname = \"kept\"
             [[strategy.limit]]\n{limit}
             [[strategy]]\nname = \"not kept\""
        );
        let comparison = run(&text, 1);
        let kept = strategy(&comparison, "kept");
        assert_eq!(kept.refused, 0.0, "{kind}");
        assert!(
            strategy(&comparison, "not kept").refused > 20.0,
            "{kind} did not bind"
        );
        // The strict counter spends every second window waiting, and the bound leaves out large requests.
        let least = if kind == "strict-counter" { 0.45 } else { 0.8 };
        assert!(kept.goodput > least, "{kind}: {}", kept.goodput);
    }
}

/// Output is charged when it is there: each answer of 200 tokens overdraws a limit of 100 a minute.
/// After the first, both others are refused; after the second, the third again. Each is told when the
/// debt will have been paid.
#[test]
fn output_tokens_are_charged_at_completion() {
    let text = "seed = 1
        duration_s = 600
        [workload]
        arrivals.batch = { jobs = 3 }
        input_tokens.fixed = 1
        output_tokens.fixed = 200
        [provider]
        charge = \"actual\"
        retry_after = \"exact\"
        first_token.fixed_s = 1
        [[provider.limit]]
        counts = \"output_tokens\"
        limit = 100
        per = \"minute\"
        kind = \"token-bucket\"
        [[strategy]]
        name = \"one at a time\"
        concurrency = 1
        [strategy.backoff]
        delay.constant_s = 1
        hint = \"exact\"";
    let comparison = run(text, 1);
    let patient = strategy(&comparison, "one at a time");
    assert_eq!((patient.completed, patient.refused), (3.0, 3.0));
    // From -100 to 1 cell takes 60.6 s, then a second of service; after that from about -197.3.
    let latencies: Vec<_> = patient.latency.curve.iter().map(|&(_, s)| s).collect();
    close(latencies[50], 62.6, 0.1);
    close(latencies[100], 62.6 + 119.0 + 1.0, 1.0);
}
