//! Others who call with the same key, and whom no client sees.

mod common;
mod house;
mod text;

use common::{run, strategy};
use house::shipped;
use paceline_sim::results::{Comparison, Summary};

const LOSSY: &str = "\n[[strategy]]\nname = \"lossy\"\n";

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
        // With whom they are compared is another matter.
        let alone = |comparison| Summary {
            differences: Vec::new(),
            ..strategy(comparison, name).clone()
        };
        assert_eq!(alone(&both), alone(&reversed));
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

/// It keeps limits that are exactly those of the provider, and is refused all the same.
#[test]
fn whoever_keeps_the_limits_is_refused_for_what_tenants_do() {
    let comparison = shipped("next-tier.toml");
    let told = strategy(&comparison, "told, SDK retries");
    assert!(told.refused > 1_000.0, "{}", told.refused);
    assert!(!comparison.optimum.exact);
}
