//! Limits that change at a moment in time, and who makes use of that.

mod common;
mod house;
mod text;

use std::path::Path;

use common::{run, strategy};
use house::shipped;
use paceline_sim::{report, results::Comparison, scenario::Scenario};
use proptest::{collection::vec, prelude::*, sample::select};

const BACKLOG: &str = "seed = 2
    duration_s = 7_200
    bin_s = 60
    [workload]
    arrivals.poisson = { rate_per_min = 240 }
    input_tokens.fixed = 10
    output_tokens.fixed = 0
    [provider]
";

const LOSSY: &str = "\n[[strategy]]\nname = \"lossy\"\n";

fn limited(kind: &str, limit: u32, rest: &str) -> Comparison {
    let text = format!(
        "{BACKLOG}
        [[provider.limit]]
        counts = \"requests\"
        limit = {limit}
        per = \"minute\"
        kind = \"{kind}\"
        {rest}{LOSSY}"
    );
    run(&text, 1)
}

/// An hour at 12 a minute and an hour at 120 a minute, of 240 a minute that want to be served.
#[test]
fn limits_change_at_the_moment_that_is_said_and_hand_out_no_fresh_burst() {
    for kind in [
        "gcra",
        "token-bucket",
        "stepped-bucket",
        "calendar",
        "fixed-window",
        "sliding-log",
    ] {
        for (first, second) in [(12, 120), (120, 12)] {
            let upgrade = format!("[[provider.upgrade]]\nat_s = 3_600\nlimits = [{second}]\n");
            let comparison = limited(kind, first, &upgrade);
            let lossy = strategy(&comparison, "lossy");
            // Each kind may have a burst of either at the start, and one window around the change.
            let steady = f64::from(60 * (first + second));
            let (least, most) = (0.97 * steady, steady + f64::from(first + second));
            let done = lossy.completed;
            assert!((least..=most).contains(&done), "{kind}, {first}: {done}");
            // Before the moment it is as if there were no other.
            let before: f64 = lossy.series[..60].iter().map(|bin| bin.admitted).sum();
            let unchanged = limited(kind, first, "");
            let unchanged = &strategy(&unchanged, "lossy").series[..60];
            assert_eq!(
                before,
                unchanged.iter().map(|bin| bin.admitted).sum::<f64>()
            );
            let after = &lossy.series[65..119];
            let rate: f64 = after.iter().map(|bin| bin.admitted).sum::<f64>() / 54.0;
            let off = (rate / f64::from(second) - 1.0).abs();
            assert!(
                off < 0.05,
                "{kind}, {first}: {rate} a minute after the change"
            );
            assert!(done <= comparison.optimum.requests, "{kind}");
            assert!(0.97 * comparison.optimum.requests < done, "{kind}");
            assert!(!comparison.optimum.exact);
        }
    }
}

/// Ten at a time, then forty, of calls that take ten seconds.
#[test]
fn a_limit_on_concurrency_changes_as_well() {
    let text = format!(
        "{BACKLOG}first_token.fixed_s = 10
        [[provider.limit]]
        counts = \"concurrency\"
        limit = 10
        [[provider.upgrade]]
        at_s = 3_600
        limits = [40]
        [[strategy]]
        name = \"patient\"
        "
    );
    let comparison = run(&text, 1);
    let series = &strategy(&comparison, "patient").series;
    let admitted = |bins: &[paceline_sim::results::Bin]| -> f64 {
        bins.iter().map(|bin| bin.admitted).sum::<f64>() / 58.0
    };
    let (before, after) = (admitted(&series[1..59]), admitted(&series[61..119]));
    assert!((50.0..=61.0).contains(&before), "{before}");
    assert!((200.0..=241.0).contains(&after), "{after}");
}

/// A request of 500 tokens does not fit before the upgrade, and does after it: the bound may not give up
/// on it at its arrival.
#[test]
fn the_bound_waits_for_an_upgrade() {
    let text = "seed = 2
        duration_s = 600
        [workload]
        arrivals.batch = { jobs = 3 }
        input_tokens.fixed = 500
        output_tokens.fixed = 0
        [[provider.limit]]
        counts = \"tokens\"
        limit = 100
        per = \"minute\"
        kind = \"gcra\"
        [[provider.upgrade]]
        at_s = 300
        limits = [1_000]
        [[strategy]]
        name = \"stubborn\"
        spacing_s = 400";
    let comparison = run(text, 1);
    let stubborn = strategy(&comparison, "stubborn");
    // The first is too large forever, as far as its client is told.
    assert_eq!((stubborn.completed, stubborn.abandoned), (1.0, 1.0));
    assert_eq!(comparison.optimum.requests, 3.0);
}

/// Smallest first is no bound where the largest fits today alone: the client that sends it at once gets all
/// three admitted, one after the other.
#[test]
fn the_bound_allows_for_what_fits_before_a_downgrade_alone() {
    let text = "seed = 2
        duration_s = 600
        [[workload]]
        name = \"large\"
        arrivals.batch = { jobs = 1 }
        input_tokens.fixed = 100
        output_tokens.fixed = 0
        [[workload]]
        name = \"small\"
        arrivals.batch = { jobs = 2 }
        input_tokens.fixed = 50
        output_tokens.fixed = 0
        [[provider.limit]]
        counts = \"tokens\"
        limit = 100
        per = \"minute\"
        kind = \"gcra\"
        [[provider.upgrade]]
        at_s = 1
        limits = [50]
        [[strategy]]
        name = \"in order\"
        backoff.delay.constant_s = 7";
    let comparison = run(text, 1);
    assert_eq!(strategy(&comparison, "in order").completed, 3.0);
    assert_eq!(comparison.optimum.requests, 3.0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    /// Whatever changes when, nobody gets more admitted than the bound says, and all requests are
    /// accounted for.
    #[test]
    fn nobody_beats_the_bound(
        kind in select(vec!["gcra", "token-bucket", "stepped-bucket", "sliding-log", "calendar"]),
        counts in select(vec!["requests", "tokens"]),
        numbers in vec(0..200_u64, 3),
        at in 1..600_u32,
        seed in 0..1_000_u32,
    ) {
        let times = if counts == "tokens" { 100 } else { 1 };
        let [first, second, third] = [numbers[0], numbers[1], numbers[2]].map(|n| n * times);
        let text = format!(
            "seed = {seed}
            duration_s = 1_200
            [workload]
            arrivals.poisson = {{ rate_per_min = 60 }}
            input_tokens.lognormal = {{ median = 100, sigma = 1.5 }}
            output_tokens.fixed = 0
            [[provider.limit]]
            counts = \"{counts}\"
            limit = {first}
            per = \"minute\"
            kind = \"{kind}\"
            [[provider.upgrade]]
            at_s = {at}
            limits = [{second}]
            [[provider.upgrade]]
            at_s = {later}
            limits = [{third}]
            [[strategy]]
            name = \"lossy\"
            [[strategy]]
            name = \"dogged\"
            backoff.delay.constant_s = 5
            [[strategy]]
            name = \"smallest\"
            queue = \"smallest\"
            limits_from = \"provider\"
            backoff.delay.constant_s = 5",
            later = at + 300
        );
        let comparison = run(&text, 1);
        for summary in &comparison.strategies {
            prop_assert!(summary.completed <= comparison.optimum.requests, "{}", summary.name);
            let ends = summary.completed + summary.abandoned + summary.unfinished;
            prop_assert_eq!(ends, comparison.arrivals);
        }
    }
}

#[test]
fn the_explanation_says_so() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    let text = format!(
        "{BACKLOG}
        [[provider.limit]]
        counts = \"requests\"
        limit = 60
        per = \"minute\"
        kind = \"gcra\"
        burst = 20
        [[provider.upgrade]]
        at_s = 3_600
        limits = [10]
        [[provider.tenant]]
        name = \"night\"
        arrivals.poisson = {{ rate_per_min = 3 }}
        input_tokens.fixed = 7
        output_tokens.fixed = 8
        {LOSSY}"
    );
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(Path::new(&path), &[]).expect("it is legal");
    let said = report::explanation(&scenario);
    for line in [
        "  from 60.0 min on: 10 requests/min, GCRA, burst 10\n",
        "  others (night) call it as well: arrive at random, 3 a minute on average; \
         input tokens: 7; output tokens: 8\n",
    ] {
        assert!(said.contains(line), "no `{line}` in\n{said}");
    }
}

#[test]
fn who_was_told_a_limit_does_not_find_the_next_tier() {
    let comparison = shipped("next-tier.toml");
    let by = |name| strategy(&comparison, name);
    let told = by("told, SDK retries");
    let patient = by("told, patient");
    // A hundred a minute and a burst, for two hours.
    assert!(told.completed <= 12_020.0 && told.goodput > 0.4);
    // The gate narrows more slowly than the colleague comes back, but is refused far less.
    assert!(patient.completed <= 12_020.0 && patient.goodput > 0.3);
    assert!(patient.refused < 0.1 * told.refused);
    let cubic = by("cubic");
    assert!(cubic.goodput > 0.99 && cubic.refused < 0.1 * cubic.calls);
    // To be refused costs a gate little, and to be cautious much.
    assert!(by("one gate, 10 at a time").refused < 0.02 * told.calls);
    let learned = by("learned, one gate");
    assert!(learned.goodput > 0.99 && learned.refused < 0.07 * learned.calls);
    let ungated = by("told, then learned, no gate");
    assert!(ungated.goodput < 0.5 && ungated.refused > ungated.completed);
    let aimd = by("AIMD");
    assert!(aimd.goodput < 0.2 && aimd.refused < 0.02 * aimd.calls);
}
