//! What a provider does behind its clients' backs: limits that change, and tenants of the same key.

mod common;

use std::path::Path;

use common::{run, strategy};
use paceline_sim::{
    report,
    results::{Comparison, Summary},
    scenario::Scenario,
};

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

fn shared(tenant: &str, strategies: &str) -> Comparison {
    let text = format!(
        "seed = 8
        duration_s = 100_000
        [workload]
        arrivals.poisson = {{ rate_per_min = 20 }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[provider.limit]]
        counts = \"requests\"
        limit = 60
        per = \"minute\"
        kind = \"gcra\"
        burst = 10
        {tenant}
        {strategies}"
    );
    run(&text, 2)
}

/// Two streams of Poisson calls share a bucket: each is refused the share that one of their sum would be.
#[test]
fn tenants_eat_what_clients_would_have() {
    let alone = shared("", LOSSY);
    assert!(strategy(&alone, "lossy").refused < 0.001 * alone.arrivals);
    let tenant = "[[provider.tenant]]
        arrivals.poisson = { rate_per_min = 40 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1\n";
    let comparison = shared(tenant, LOSSY);
    let lossy = strategy(&comparison, "lossy");
    // The same number as for a client alone at the rate of the bucket.
    let expected = 0.050_847;
    let standard_error = (10.0 * expected / (2.0 * lossy.calls)).sqrt();
    let off = (lossy.refused / lossy.calls - expected).abs();
    assert!(off < 4.0 * standard_error, "{off} beside {standard_error}");
    // They are not counted: neither as requests nor as calls.
    assert_eq!(comparison.arrivals, alone.arrivals);
    assert_eq!(lossy.calls, lossy.completed + lossy.refused);
    assert_eq!(comparison.optimum.requests, alone.optimum.requests);
    assert!(alone.optimum.exact && !comparison.optimum.exact);
}

/// What clients do leaves the calls of tenants as they are.
#[test]
fn tenants_are_the_same_for_every_strategy() {
    let tenant = "[[provider.tenant]]
        arrivals.on_off = { rate_per_min = 120, mean_on_s = 60, mean_off_s = 60 }
        input_tokens.lognormal = { median = 100, sigma = 1 }
        output_tokens.fixed = 1\n";
    let polite = "[[strategy]]\nname = \"polite\"\nspacing_s = 5\n";
    let both = shared(tenant, &format!("{LOSSY}{polite}"));
    let reversed = shared(tenant, &format!("{polite}{LOSSY}"));
    for name in ["lossy", "polite"] {
        assert_eq!(strategy(&both, name), strategy(&reversed, name));
    }
}

/// A call of a tenant that is refused counts where refused calls count, and holds no permit.
#[test]
fn refused_calls_of_tenants_count_where_refused_calls_count() {
    let refused = |count: bool| {
        let tenant = format!(
            "[[provider.tenant]]
            arrivals.poisson = {{ rate_per_min = 600 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            refused_calls_count = {count}\n"
        );
        let comparison = shared(&tenant, LOSSY);
        let lossy = strategy(&comparison, "lossy");
        lossy.refused / lossy.calls
    };
    // At ten times the rate, debts without end.
    assert!((0.85..0.95).contains(&refused(false)));
    assert!(refused(true) > 0.99);
}

/// Ten permits for tenants who hold eight of them on average: their output is charged when it is there.
#[test]
fn tenants_hold_permits_and_are_charged_for_output() {
    let text = "seed = 8
        duration_s = 20_000
        [workload]
        arrivals.poisson = { rate_per_min = 6 }
        input_tokens.fixed = 1
        output_tokens.fixed = 0
        [provider]
        first_token.fixed_s = 1
        [[provider.limit]]
        counts = \"concurrency\"
        limit = 10
        [[provider.tenant]]
        arrivals.poisson = { rate_per_min = 474 }
        input_tokens.fixed = 1
        output_tokens.fixed = 0
        [[strategy]]
        name = \"lossy\"";
    let comparison = run(text, 2);
    let lossy = strategy(&comparison, "lossy");
    let standard_error = (0.122 * 0.878 / (2.0 * lossy.calls)).sqrt();
    let share = lossy.refused / lossy.calls;
    assert!((share - 0.121_661).abs() < 4.0 * standard_error, "{share}");

    let output = "counts = \"output_tokens\"\nlimit = 100\nper = \"minute\"\nkind = \"gcra\"";
    let text = text
        .replace("counts = \"concurrency\"\n        limit = 10", output)
        .replace("= 474 }", "= 2 }")
        .replacen(
            "output_tokens.fixed = 0\n        [[strategy]]",
            "output_tokens.fixed = 100\n[[strategy]]",
            1,
        );
    let comparison = run(&text, 1);
    // Twice the limit, and debts are paid before anybody is admitted.
    let lossy = strategy(&comparison, "lossy");
    assert!(lossy.refused > 0.4 * lossy.calls, "{}", lossy.refused);
}

/// The second key has nobody else on it.
#[test]
fn tenants_call_with_the_key_that_is_said() {
    let calls = |key: u32| -> Summary {
        let text = format!(
            "seed = 8
            duration_s = 3_600
            [workload]
            arrivals.poisson = {{ rate_per_min = 20 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            keys = 2
            [[provider.limit]]
            counts = \"requests\"
            limit = 60
            per = \"minute\"
            kind = \"gcra\"
            [[provider.tenant]]
            key = {key}
            arrivals.poisson = {{ rate_per_min = 600 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            {LOSSY}"
        );
        strategy(&run(&text, 1), "lossy").clone()
    };
    assert_eq!(calls(2).refused, 0.0);
    assert!(calls(1).refused > 500.0);
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
