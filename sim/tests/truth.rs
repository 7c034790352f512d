//! Numbers that are known in advance: closed forms, and what must add up.

mod bound;
mod common;

use std::path::Path;

use common::{run, shipped, strategy};
use paceline_sim::{compare::compare, results::Summary, scenario::Scenario};

fn close(measured: f64, expected: f64, within: f64) {
    let off = (measured - expected).abs();
    assert!(
        off <= within,
        "{measured} instead of {expected} +- {within}"
    );
}

/// Everyone retries at each reset: n (n / N + 1) / 2 calls for n jobs and N per window.
#[test]
fn a_herd_that_honours_retry_after_exactly_needs_5500_calls_for_1000_jobs() {
    let comparison = shipped("batch-1000.toml");
    let herd = strategy(&comparison, "exact Retry-After");
    assert_eq!(
        (herd.completed, herd.calls, herd.refused),
        (1_000.0, 5_500.0, 4_500.0)
    );
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

const POISSON: &str = r#"
seed = 3
duration_s = 500_000
[workload]
input_tokens.fixed = 1
output_tokens.fixed = 1
"#;

/// The share that a bucket of ten cells refuses of Poisson traffic at 0.9, 1.0 and 1.2 times its
/// rate: 1 - W / (1 + rho W) with W from the bounded M/D/1 workload.
#[test]
fn a_token_bucket_refuses_the_known_share_of_poisson_traffic() {
    for (rho, expected) in [(0.9_f64, 0.016_632), (1.0, 0.050_847), (1.2, 0.170_911)] {
        for kind in ["gcra", "token-bucket"] {
            let text = format!(
                "{POISSON}arrivals.poisson = {{ rate_per_min = {} }}
                 [[provider.limit]]
                 counts = \"requests\"
                 limit = 60
                 per = \"minute\"
                 burst = 10
                 kind = \"{kind}\"
                 [[strategy]]
                 name = \"lossy\"",
                60.0 * rho
            );
            let comparison = run(&text, 4);
            let lossy = strategy(&comparison, "lossy");
            // Four runs of half a million seconds; refusals come in clusters of about ten.
            let standard_error = (10.0 * expected / (4.0 * 500_000.0 * rho)).sqrt();
            close(lossy.refused / lossy.calls, expected, 4.0 * standard_error);
        }
    }
}

/// The share that a fixed window of 60 refuses: 1 - E[min(X, 60)] / mean of X, for Poisson X.
#[test]
fn a_fixed_window_refuses_the_known_share_of_poisson_traffic() {
    for (mean, expected) in [(54, 0.016_536), (60, 0.051_432), (72, 0.170_347)] {
        let text = format!(
            "{POISSON}arrivals.poisson = {{ rate_per_min = {mean} }}
             [[provider.limit]]
             counts = \"requests\"
             limit = 60
             per = \"minute\"
             kind = \"calendar\"
             [[strategy]]
             name = \"lossy\""
        );
        let comparison = run(&text, 4);
        let lossy = strategy(&comparison, "lossy");
        // Per window the count lost has a standard deviation of at most that of X.
        let windows = 4.0 * 500_000.0 / 60.0;
        let standard_error = (f64::from(mean) / windows).sqrt() / f64::from(mean);
        close(lossy.refused / lossy.calls, expected, 4.0 * standard_error);
    }
}

/// k retries of calls that fail with probability f: (1 - f^(k+1)) / (1 - f) calls a request.
#[test]
fn retries_amplify_the_load_by_the_known_factor() {
    for (failing, retries, calls, success) in [(0.5, 3, 1.875, 0.9375), (0.1, 3, 1.111, 0.9999)] {
        let text = format!(
            "{POISSON}arrivals.poisson = {{ rate_per_min = 60 }}
             [provider]
             error_rate = {failing}
             [[strategy]]
             name = \"retrying\"
             [strategy.backoff]
             delay.exponential = {{ initial_s = 0.1, cap_s = 10 }}
             error_retries = {retries}"
        );
        let comparison = run(&text, 1);
        let retrying = strategy(&comparison, "retrying");
        // The number of calls of one request has a variance below 2.
        let standard_error = (2.0 / comparison.arrivals).sqrt();
        close(
            retrying.calls / comparison.arrivals,
            calls,
            4.0 * standard_error,
        );
        let standard_error = (success * (1.0 - success) / comparison.arrivals).sqrt();
        close(
            retrying.completed / comparison.arrivals,
            success,
            4.0 * standard_error,
        );
    }
}

/// One call at a time that each take a second: the queue of M/D/1, where the mean wait is
/// rho / (2 (1 - rho)) services. The median and p95 come from the same queue, run long enough.
#[test]
fn a_concurrency_cap_of_one_is_a_queue_with_one_server() {
    let text = format!(
        "{POISSON}arrivals.poisson = {{ rate_per_min = 48 }}
         [provider]
         first_token.fixed_s = 1
         [[strategy]]
         name = \"one at a time\"
         concurrency = 1"
    );
    let comparison = run(&text, 4);
    let queue = strategy(&comparison, "one at a time");
    let curve = &queue.latency.curve;
    // The mean is the area under the quantiles; beyond the last even step it is small.
    let areas = curve
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1));
    let mean: f64 = areas.sum();
    // Waiting 2 services at a load of 0.8, and 1 in service; the integral is coarse to about 2 %.
    close(mean, 3.0, 0.12);
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

/// Ten calls at a time, an offered load of eight, no queue: Erlang's loss formula.
#[test]
fn a_limit_on_concurrency_refuses_what_erlang_says() {
    let text = format!(
        "{POISSON}arrivals.poisson = {{ rate_per_min = 480 }}
         [provider]
         first_token.fixed_s = 1
         [[provider.limit]]
         counts = \"concurrency\"
         limit = 10
         [[strategy]]
         name = \"lossy\""
    );
    let comparison = run(&text.replace("500_000", "100_000"), 1);
    let lossy = strategy(&comparison, "lossy");
    // Refusals come in clusters of about ten.
    let standard_error = (10.0 * 0.121_661 / lossy.calls).sqrt();
    close(lossy.refused / lossy.calls, 0.121_661, 4.0 * standard_error);
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
