//! The yardstick of goodput: what no schedule exceeds, no run does.

use std::fmt::Write;

use proptest::{prelude::*, test_runner::Config};

use crate::common::run;

const KINDS: [&str; 8] = [
    "gcra",
    "token-bucket",
    "stepped-bucket",
    "sliding-log",
    "sliding-counter",
    "strict-counter",
    "fixed-window",
    "calendar",
];

/// Everybody of these is told the limits, or hears exactly when to come back.
const STRATEGIES: &str = r#"
[[strategy]]
name = "told, fifo"
limits_from = "provider"
[strategy.backoff]
delay.constant_s = 1
hint = "exact"

[[strategy]]
name = "told, smallest first"
limits_from = "provider"
queue = "smallest"
[strategy.backoff]
delay.constant_s = 1
hint = "exact"

[[strategy]]
name = "told, with a reserve"
limits_from = "provider"
queue = "smallest"
reserve = 4
[strategy.backoff]
delay.constant_s = 1
hint = "exact"

[[strategy]]
name = "told, without a queue"
limits_from = "provider"
queue = "none"
[strategy.backoff]
delay.constant_s = 1
hint = "exact"

[[strategy]]
name = "refused until it fits"
queue = "none"
[strategy.backoff]
delay.constant_s = 1
hint = "exact"

[[strategy]]
name = "no care"
"#;

/// A limit that is small beside what arrives.
fn limits() -> impl Strategy<Value = String> {
    let counts = prop_oneof![
        (Just("requests"), 1..12_u64),
        (Just("tokens"), 50..1_500_u64),
        (Just("input_tokens"), 50..1_000_u64),
        (Just("output_tokens"), 20..500_u64),
    ];
    (counts, 0..KINDS.len(), 3..100_u32, 1..4_u64).prop_map(|((counts, limit), kind, period, part)| {
        let kind = KINDS[kind];
        let period = match kind {
            "calendar" => "per = \"minute\"".to_owned(),
            _ => format!("period_s = {period}"),
        };
        let burst = match kind {
            "gcra" | "token-bucket" => format!("burst = {}", (limit / part).max(1)),
            _ => String::new(),
        };
        format!(
            "[[provider.limit]]\ncounts = \"{counts}\"\nlimit = {limit}\n{period}\nkind = \"{kind}\"\n{burst}\n"
        )
    })
}

fn scenarios() -> impl Strategy<Value = String> {
    let arrivals = prop_oneof![
        (1..120_u32).prop_map(|jobs| format!("arrivals.batch = {{ jobs = {jobs} }}")),
        (5..90_u32).prop_map(|rate| format!("arrivals.poisson = {{ rate_per_min = {rate} }}")),
    ];
    let charge = prop_oneof![Just("input"), Just("input+max_tokens"), Just("actual")];
    let limits = prop::collection::vec(limits(), 1..4);
    (arrivals, charge, limits, any::<u32>(), 20..400_u32).prop_map(
        |(arrivals, charge, limits, seed, duration)| {
            let mut text = format!(
                "seed = {seed}\nduration_s = {duration}
                 [workload]
                 {arrivals}
                 input_tokens.lognormal = {{ median = 60, sigma = 1, max = 2_000 }}
                 output_tokens.lognormal = {{ median = 20, sigma = 1, max = 800 }}
                 [provider]
                 charge = \"{charge}\"
                 retry_after = \"exact\"\n"
            );
            for limit in limits {
                let _ = writeln!(text, "{limit}");
            }
            text + STRATEGIES
        },
    )
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 600, ..Config::default() })]

    #[test]
    fn no_run_completes_more_than_the_bound(text in scenarios()) {
        let comparison = run(&text, 1);
        let bound = comparison.optimum.requests;
        prop_assert!(bound <= comparison.arrivals);
        for strategy in &comparison.strategies {
            let (name, completed) = (&strategy.name, strategy.completed);
            prop_assert!(completed <= bound, "{name}: {completed} of {bound} at most in {text}");
        }
    }
}

/// Runs a scenario, and asks for the bound and the most that anybody got done.
fn most(text: &str) -> (f64, f64) {
    let comparison = run(text, 1);
    let completed = comparison.strategies.iter().map(|it| it.completed);
    (comparison.optimum.requests, completed.fold(0.0, f64::max))
}

/// An answer is charged when it is there, however little was left when it was admitted.
#[test]
fn an_answer_may_overdraw_a_limit() {
    let (bound, completed) = most(&format!(
        "seed = 1
         duration_s = 10
         [workload]
         arrivals.batch = {{ jobs = 3 }}
         input_tokens.fixed = 1
         output_tokens.fixed = 200
         [provider]
         charge = \"actual\"
         [[provider.limit]]
         counts = \"output_tokens\"
         limit = 100
         per = \"minute\"
         kind = \"token-bucket\"
         {STRATEGIES}"
    ));
    assert!((1.0..=bound).contains(&completed), "{completed} of {bound}");
}

/// One that is open already, a whole one, and one that has just begun.
#[test]
fn a_span_of_less_than_two_windows_may_touch_three() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("trace.csv");
    // The first opens a window, and a crowd comes shortly before it closes.
    let crowd = "54000,1,1\n".repeat(400);
    let rows = format!("arrival_ms,input_tokens,output_tokens\n0,1,1\n{crowd}");
    std::fs::write(&path, rows).expect("the folder can be written to");
    let (bound, completed) = most(&format!(
        "seed = 1
         duration_s = 125
         workload.arrivals.trace.path = \"{}\"
         [provider]
         charge = \"input\"
         retry_after = \"exact\"
         [[provider.limit]]
         counts = \"input_tokens\"
         limit = 100
         per = \"minute\"
         kind = \"fixed-window\"
         {STRATEGIES}",
        path.display()
    ));
    assert_eq!(completed, 300.0);
    assert!(completed <= bound, "{completed} of {bound}");
}
