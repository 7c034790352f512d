//! What settlement, permits, priorities and gates are worth, in shipped scenarios and small ones.

mod common;
mod house;
mod text;

use common::{run, strategy};
use house::shipped;
use paceline_sim::results::{Part, Summary};

fn part<'a>(summary: &'a Summary, name: &str) -> &'a Part {
    let mut parts = summary.workloads.iter();
    parts
        .find(|part| part.name == name)
        .expect("the scenario has this workload")
}

/// Within 6 % of the 1,000 calls that a client needs who knows the limit.
#[test]
fn one_gate_finishes_a_batch_with_hardly_a_refusal() {
    for (scenario, alone) in [("batch-1000.toml", 5_500.0), ("one-gate.toml", 15_000.0)] {
        let comparison = shipped(scenario);
        let gate = strategy(&comparison, "one gate, 10 at a time");
        assert_eq!(gate.completed, 1_000.0, "{scenario}");
        assert!(gate.calls <= 1_060.0, "{scenario}: {} calls", gate.calls);
        // Each on its own, with hints and jitter, takes many times as many.
        let jittered = strategy(&comparison, "Retry-After + full jitter to 60 s");
        assert!(jittered.calls >= alone, "{scenario}: {}", jittered.calls);
        // It costs no time either.
        let last = |summary: &Summary| summary.latency.curve.last().map(|&(_, s)| s);
        assert!(last(gate) <= last(jittered), "{scenario}");
    }
}

#[test]
fn settlement_gives_back_what_each_policy_promises() {
    let comparison = shipped("settlement.toml");
    let goodput = |name| strategy(&comparison, name).goodput;
    let (none, strict) = (goodput("estimates stand"), goodput("settled strictly"));
    let (exact, optimistic) = (
        goodput("settled exactly"),
        goodput("settled optimistically"),
    );
    assert!(
        3.0 * none < strict && 0.99 * exact < strict && strict <= exact && exact < optimistic,
        "{none} {strict} {exact} {optimistic}"
    );
    assert!(optimistic > 0.98 * goodput("knows every answer in advance"));
    for careful in ["estimates stand", "settled strictly", "settled exactly"] {
        assert_eq!(strategy(&comparison, careful).refused, 0.0, "{careful}");
    }
    // The risk is real.
    assert!(strategy(&comparison, "settled optimistically").refused > 0.0);
}

#[test]
fn people_pass_a_backlog_and_cost_it_no_work() {
    let comparison = shipped("two-priorities.toml");
    let fifo = strategy(&comparison, "first come, first served");
    let first = strategy(&comparison, "interactive first");
    let p95 = |summary, name| part(summary, name).latency.p95_s.expect("some succeeded");
    assert!(p95(fifo, "interactive") > 1_000.0);
    assert!(p95(first, "interactive") < 15.0);
    for name in ["interactive", "batch"] {
        let (a, b) = (part(fifo, name), part(first, name));
        assert_eq!((a.completed, a.unfinished), (b.completed, 0.0), "{name}");
    }
    assert_eq!(part(first, "batch").completed, 1_500.0);
    // The parts add up.
    for summary in &comparison.strategies {
        let sum: f64 = summary.workloads.iter().map(|part| part.completed).sum();
        assert_eq!(sum, summary.completed, "{}", summary.name);
    }
}

/// Interactive requests alone take all of the limit: a batch job waits for its time, and no longer.
#[test]
fn patient_requests_are_served_under_urgent_ones_without_end() {
    let text = "seed = 4
        duration_s = 3_600
        [[workload]]
        name = \"urgent\"
        arrivals.poisson = { rate_per_min = 90 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[workload]]
        name = \"patient\"
        priority.yields_for_s = 300
        arrivals.batch = { jobs = 20 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[strategy]]
        name = \"ageing\"
        queue = \"priority\"
        [[strategy.limit]]
        counts = \"requests\"
        limit = 60
        per = \"minute\"
        kind = \"gcra\"
        burst = 1";
    let comparison = run(text, 1);
    let patient = part(strategy(&comparison, "ageing"), "patient");
    assert_eq!(patient.completed, 20.0);
    // At 90 a minute, 450 urgent ones come before them, and 60 a minute are served.
    let (_, last) = patient.latency.curve[patient.latency.curve.len() - 1];
    assert!((390.0..=540.0).contains(&last), "{last}");
}

#[test]
fn one_limiter_for_all_agents_beats_one_each() {
    let comparison = shipped("eight-agents.toml");
    let by = |name| strategy(&comparison, name);
    let shared = by("one limiter for all eight");
    assert_eq!((shared.refused, shared.goodput), (0.0, 1.0));
    let gate = by("one gate for all eight");
    assert!(gate.goodput >= 0.99 && gate.calls <= 1.06 * gate.completed);
    for alone in ["eight SDKs", "eight limiters, all of the limit each"] {
        let alone = by(alone);
        assert!(alone.goodput < 0.95 && alone.refused > 0.5 * alone.completed);
    }
}

/// A server takes ten calls at a time, and nobody says so.
#[test]
fn adaptive_permits_find_a_limit_on_calls_in_flight() {
    let text = "seed = 6
        duration_s = 7_200
        [workload]
        arrivals.batch = { jobs = 3_000 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.fixed_s = 2
        refusal_s = 0.05
        [[provider.limit]]
        counts = \"concurrency\"
        limit = 10
        [[strategy]]
        name = \"twenty at a time\"
        concurrency = 20
        backoff.delay.constant_s = 1
        [[strategy]]
        name = \"told\"
        concurrency = 10
        [[strategy]]
        name = \"aimd\"
        adaptive.aimd = { initial = 20, backoff_percent = 80 }
        backoff.delay.constant_s = 1
        [[strategy]]
        name = \"aimd, timid\"
        adaptive.aimd = { initial = 20, backoff_percent = 97 }
        backoff.delay.constant_s = 1";
    let comparison = run(text, 1);
    let by = |name| strategy(&comparison, name);
    let last = |name| by(name).latency.curve.last().map_or(0.0, |&(_, s)| s);
    assert_eq!(by("told").refused, 0.0);
    assert_eq!(by("aimd").completed, 3_000.0);
    assert!(last("aimd") < 1.15 * last("told"), "{}", last("aimd"));
    // Its swings cost refusals, but few beside those of a client that never learns.
    assert!(by("aimd").refused < 0.25 * by("twenty at a time").refused);
    assert!(by("aimd").refused < 0.5 * by("aimd, timid").refused);
}

/// Ten calls at a time take the same time whatever their number; above, they queue.
#[test]
fn gradient2_keeps_to_its_bounds_and_is_never_refused_without_limits() {
    let text = "seed = 6
        duration_s = 600
        [workload]
        arrivals.batch = { jobs = 500 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.fixed_s = 1
        [[strategy]]
        name = \"gradient2\"
        adaptive.gradient2 = { initial = 5, most = 25 }";
    let comparison = run(text, 1);
    let gradient = strategy(&comparison, "gradient2");
    assert_eq!((gradient.completed, gradient.refused), (500.0, 0.0));
    let (_, last) = gradient.latency.curve[gradient.latency.curve.len() - 1];
    // At 25 a second it takes 20 s, and at five a second 100 s: it grows from the one to the other.
    assert!((20.0..40.0).contains(&last), "{last}");
}

/// What a client does is seen by itself alone: two clients with half of the work each.
#[test]
fn clients_know_nothing_of_each_other() {
    let text = |clients: u32, limit: u32| {
        format!(
            "seed = 6
            duration_s = 600
            [workload]
            arrivals.batch = {{ jobs = 400 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[strategy]]
            name = \"all\"
            clients = {clients}
            [[strategy.limit]]
            counts = \"requests\"
            limit = {limit}
            per = \"minute\"
            kind = \"gcra\"
            burst = 1"
        )
    };
    let last = |text: &str| {
        let comparison = run(text, 1);
        let all = strategy(&comparison, "all");
        assert_eq!(all.completed, 400.0);
        all.latency.curve[all.latency.curve.len() - 1].1
    };
    let (one, two) = (last(&text(1, 120)), last(&text(2, 60)));
    assert!((one - two).abs() <= 1.0, "{one} and {two}");
    assert!((one - 199.5).abs() < 1.0, "{one}");
}

/// The first request meets an outage; those behind it that did not are served after it all the same.
#[test]
fn a_retry_keeps_its_place_in_line() {
    let text = "seed = 6
        duration_s = 600
        [[workload]]
        name = \"first\"
        arrivals.batch = { jobs = 1 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[workload]]
        name = \"later\"
        arrivals.batch = { jobs = 9 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.fixed_s = 1
        refusal_s = 0.1
        outage = [{ from_s = 0, to_s = 0.45 }]
        [[strategy]]
        name = \"one at a time\"
        concurrency = 1
        backoff.delay.constant_s = 1";
    let comparison = run(text, 1);
    let one = strategy(&comparison, "one at a time");
    // The sixth is under way when the first comes back at 1.1 s, and done at 1.5 s.
    let first = part(one, "first").latency.p99_s.expect("it succeeded");
    assert!((2.4..2.6).contains(&first), "{first}");
    assert_eq!(one.completed, 10.0);
}

/// One of two providers is down for ten minutes.
#[test]
fn a_second_provider_saves_what_the_outage_of_the_first_costs() {
    let comparison = shipped("two-providers.toml");
    let by = |name| strategy(&comparison, name);
    assert!(by("the first alone, SDK retries").goodput < 0.85);
    assert!(by("the first alone, limits known").goodput < 0.95);
    let median = |name| by(name).latency.p50_s.expect("some succeeded");
    for name in [
        "in order, with fallback",
        "by weight, 2 to 1",
        "by what remains",
        "the cheapest",
    ] {
        let summary = by(name);
        assert_eq!((summary.abandoned, summary.refused), (0.0, 0.0), "{name}");
        assert!(
            summary.goodput > 0.998 && summary.calls < 1.06 * summary.completed,
            "{name}"
        );
    }
    // The second one is slower.
    assert!(median("in order, with fallback") < median("by weight, 2 to 1"));
    assert!(median("by weight, 2 to 1") < median("the cheapest"));
    let unknowing = by("in order, nothing known");
    assert!(unknowing.refused > 0.2 * unknowing.calls && unknowing.goodput < 0.95);
}

/// A spike of fifteen seconds of work, and a server that never gets rid of it by itself.
#[test]
fn retries_keep_a_server_down_and_budgets_let_it_up() {
    let comparison = shipped("metastable.toml");
    let steady = |name| part(strategy(&comparison, name), "steady").completed;
    assert_eq!(steady("4 retries, at once"), 0.0);
    assert_eq!(steady("4 retries, full jitter to 20 s"), 0.0);
    assert!(steady("the same, budget of 10 %") > 0.5 * steady("no retries"));
    let few = strategy(&comparison, "the same, 4 calls at a time");
    assert!(few.abandoned == 0.0 && few.calls < 1.02 * few.completed);
}

#[test]
fn sessions_that_wait_lose_nothing() {
    let comparison = shipped("agent-sessions.toml");
    let by = |name| strategy(&comparison, name);
    assert!(by("sdk-default").completed < 0.7 * 2_400.0);
    assert!(by("exponential-full-jitter").calls > 2.0 * 2_400.0);
    for name in ["one gate", "limits known", "limits known, smallest first"] {
        assert_eq!(by(name).completed, 2_400.0, "{name}");
        assert!(by(name).calls < 2_500.0, "{name}");
    }
    let median = |name| by(name).latency.p50_s.expect("some succeeded");
    assert!(4.0 * median("limits known, smallest first") < median("limits known"));
}
