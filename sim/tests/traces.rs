//! Traces are what viewers expect, and tell what comparisons count.

mod brief;
mod events;
mod text;

use std::{fs, path::Path, time::Duration};

use brief::shipped;
use events::Trace;
use paceline_sim::{
    compare::compare,
    engine::Streams,
    results::Summary,
    scenario::Scenario,
    trace::{Extract, TraceFailure, write_trace},
};
use proptest::prelude::*;

/// The trace of a part of a run, in seconds since the start.
fn trace(scenario: &Scenario, strategy: usize, (from, to): (f64, f64)) -> Trace {
    let at = |s| scenario.start().saturating_add(Duration::from_secs_f64(s));
    let extract = Extract {
        from: at(from),
        to: at(to),
        most_events: u64::MAX,
    };
    let mut bytes = Vec::new();
    let strategy = &scenario.strategies[strategy];
    let streams = Streams::new(scenario.seed);
    let written = write_trace(scenario, strategy, streams, extract, &mut bytes)
        .expect("memory can be written to");
    let trace = Trace::read(&bytes);
    assert_eq!(trace.events.len() as u64, written.events);
    trace
}

fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(folder).expect("scenarios ship");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// The strongest check of all: two ways to count the same run.
#[test]
fn a_trace_of_every_shipped_scenario_tells_what_the_comparison_counts() {
    for name in names() {
        let scenario = shipped(&name, 300.0);
        let comparison = compare(&scenario, 1, || ()).expect("there is no trace to fail");
        for (index, summary) in comparison.strategies.iter().enumerate() {
            let trace = trace(&scenario, index, (0.0, 1e9));
            trace.assert_well_formed();
            assert_same(&trace, summary, &format!("{name}: {}", summary.name));
        }
    }
}

/// They stood in line, slept, or had a call under way.
#[test]
fn a_trace_tells_of_users_who_cancel() {
    let scenario = text::read(
        "seed = 7
        duration_s = 120
        [workload]
        arrivals.poisson = { rate_per_min = 120 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        patience.exponential.mean_s = 4
        [provider]
        first_token.exponential.mean_s = 1
        network.exponential.mean_s = 0.2
        limit = [{ counts = \"requests\", limit = 40, per = \"minute\", kind = \"gcra\", burst = 5 }]
        [[strategy]]
        name = \"one at a time\"
        concurrency = 1
        [[strategy]]
        name = \"sleeps\"
        timeout_s = 3
        backoff.delay.constant_s = 2",
    );
    let comparison = compare(&scenario, 1, || ()).expect("there is no trace to fail");
    for (index, summary) in comparison.strategies.iter().enumerate() {
        let trace = trace(&scenario, index, (0.0, 1e9));
        trace.assert_well_formed();
        assert_same(&trace, summary, &summary.name);
        assert!(summary.cancelled > 20.0, "{summary:?}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a small run")]
fn assert_same(trace: &Trace, summary: &Summary, of: &str) {
    let counts = [
        ("calls", trace.sent(), summary.calls),
        (
            "refused",
            trace.calls(|by| ["refused", "too large"].contains(&by)),
            summary.refused,
        ),
        (
            "failed",
            trace.calls(|by| ["failed", "unavailable"].contains(&by)) + trace.left(),
            summary.failed,
        ),
        (
            "completed",
            trace.ends(|end| end == "completed"),
            summary.completed,
        ),
        (
            "abandoned",
            trace.ends(|end| end.starts_with("given up") || end.starts_with("answered after")),
            summary.abandoned,
        ),
        (
            "cancelled",
            trace.ends(|end| end.starts_with("cancelled")),
            summary.cancelled,
        ),
        (
            "unfinished",
            trace.ends(|end| end.starts_with("not done")),
            summary.unfinished,
        ),
    ];
    for (what, traced, counted) in counts {
        assert_eq!(traced as f64, counted, "{what} of {of}");
    }
}

/// What is alive in a part of the whole is in the trace of that part, cut to fit.
#[test]
fn a_part_of_a_trace_has_the_requests_that_live_in_it() {
    for name in ["one-gate.toml", "day-quota.toml", "two-providers.toml"] {
        let scenario = shipped(name, 900.0);
        let last = scenario.strategies.len() - 1;
        let whole = trace(&scenario, last, (0.0, 1e9));
        for (from, to) in [(0.0, 100.0), (123.4, 150.0), (890.0, 900.0)] {
            let part = trace(&scenario, last, (from, to));
            part.assert_well_formed();
            let lives: Vec<_> = whole
                .lives()
                .into_iter()
                .filter(|&(_, born, died)| born < to * 1e6 && died > from * 1e6)
                .map(|(id, born, died)| (id, born.max(from * 1e6), died.min(to * 1e6)))
                .collect();
            // Whoever comes and goes at the very edge may be in it.
            let there: Vec<_> = part
                .lives()
                .into_iter()
                .filter(|it| it.2 > from * 1e6)
                .collect();
            assert_eq!(there, lives, "{name} from {from} to {to}");
        }
    }
}

#[test]
fn a_trace_that_would_be_too_long_says_from_when_on() {
    let scenario = shipped("one-gate.toml", 900.0);
    let extract = Extract {
        from: scenario.start(),
        to: scenario.end(),
        most_events: 5_000,
    };
    let streams = Streams::new(1);
    let strategy = &scenario.strategies[0];
    let failure = write_trace(&scenario, strategy, streams, extract, std::io::sink());
    let Err(TraceFailure::TooMany(at)) = failure else {
        panic!("{failure:?}");
    };
    assert!(at < scenario.end());
}

/// Between the beginning and what is told next, a tenant calls, of which nobody is told.
#[test]
fn a_trace_may_begin_just_before_something_that_is_not_told() {
    let mut scenario = shipped("next-tier.toml", 60.0);
    scenario.seed = 784;
    for strategy in 0..scenario.strategies.len() {
        for from in [5.721_224_430_375_338, 7.5, 12.25, 30.1] {
            trace(&scenario, strategy, (from, 60.0)).assert_well_formed();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any part of any run is well formed: slices nest and end, time never runs back.
    #[test]
    fn any_part_of_any_run_is_well_formed(
        name in prop::sample::select(names()),
        seed in 0..1_000_u64,
        strategy in any::<prop::sample::Index>(),
        from in 0.0..300.0_f64,
        span in 0.001..400.0_f64,
    ) {
        let mut scenario = shipped(&name, 300.0);
        scenario.seed = seed;
        let strategy = strategy.index(scenario.strategies.len());
        let part = trace(&scenario, strategy, (from, from + span));
        part.assert_well_formed();
        let (first, last) = (from * 1e6, (from + span).min(300.0) * 1e6);
        for event in &part.events {
            prop_assert!(first - 0.01 <= event.ts && event.ts <= last + 0.01, "{event:?}");
        }
    }
}
