//! Mistakes that other routers make with several targets, and this one must not.

use std::time::Duration;

use paceline_core::{Demand, Dimension, Limiter, Quota, SplitMix64, Timestamp};
use paceline_gcra::Gcra;
use paceline_router::{
    DayOffset, NoRoute, Policy, Refusal, Route, Router, Scope, Target, UsageTracker,
};

const ONE: Demand = Demand {
    requests: 1,
    input_tokens: 0,
    output_tokens: 0,
};

fn second(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * 1_000_000_000)
}

fn route(target: usize, sent_at: Timestamp) -> Route {
    Route { target, sent_at }
}

/// Two models with one key.
fn models() -> Vec<Target> {
    let model = |name| Target::new("anthropic", "team", name);
    vec![model("opus"), model("haiku")]
}

/// Pools report themselves exhausted because one model of an account was refused once.
#[test]
fn a_refusal_of_one_model_leaves_the_account_alone() {
    let mut router = Router::new(models(), Policy::Weighted);
    let mut rng = SplitMix64::new(1);
    let refusal = Refusal::Limited {
        scope: Scope::Target,
        until: Some(second(3_600)),
    };
    router.refused(second(0), route(0, second(0)), refusal, &mut rng);
    for n in 1..100 {
        let chosen = router.route(second(n), ONE, &mut rng, |_| Ok(1));
        assert_eq!(chosen, Ok(route(1, second(n))));
    }
}

/// A hundred requests are under way when a model is overloaded: that is one overload and not a
/// hundred, or the model is away for the longest time at once.
#[test]
fn a_burst_of_overloads_is_one() {
    let mut router = Router::new(models(), Policy::Weighted);
    let mut rng = SplitMix64::new(2);
    let overloaded = Refusal::Overloaded {
        scope: Scope::Model,
        retry_after: None,
    };
    for _ in 0..112 {
        router.refused(second(5), route(0, second(4)), overloaded, &mut rng);
    }
    let until = router.excluded_until(second(5), 0).expect("overloaded");
    assert!(until <= second(6), "{until:?}");
    assert_eq!(router.excluded_until(second(5), 1), None);
}

/// Some send to a target although none is left, or do not say when one will be.
#[test]
fn nobody_left_means_nobody_is_called_and_a_time_is_named() {
    let mut router = Router::new(models(), Policy::Priority);
    let mut rng = SplitMix64::new(3);
    // Waits of a day are kept as they are, and not cut to a minute.
    for (target, hours) in [(0, 19), (1, 20)] {
        let refusal = Refusal::Limited {
            scope: Scope::Target,
            until: Some(second(hours * 3_600)),
        };
        router.refused(second(0), route(target, second(0)), refusal, &mut rng);
    }
    let until = Some(second(19 * 3_600));
    for n in [0, 1, 61, 19 * 3_600 - 1] {
        let chosen = router.route(second(n), ONE, &mut rng, |_| Ok(1));
        assert_eq!(chosen, Err(NoRoute::AllExhausted { until }));
    }
}

/// A server that says "now" while it refuses must not be asked in a loop.
#[test]
fn an_end_that_has_passed_does_not_spin() {
    let mut router = Router::new(models(), Policy::Weighted);
    let mut rng = SplitMix64::new(6);
    let mut now = second(10);
    for least_ms in [500, 1_000, 2_000] {
        for until in [Some(second(3)), Some(now)] {
            let refusal = Refusal::Limited {
                scope: Scope::Target,
                until,
            };
            router.refused(now, route(0, now), refusal, &mut rng);
        }
        let until = router.excluded_until(now, 0).expect("excluded");
        assert!(until >= now.saturating_add(Duration::from_millis(least_ms)));
        now = until;
    }
}

/// An off-by-one leaves the last request of every minute unused.
#[test]
fn the_last_request_of_a_limit_is_used() {
    let mut limits = [1, 2].map(|limit| Gcra::new(Quota::per_minute(limit)));
    let router = Router::new(models(), Policy::Remaining);
    let mut rng = SplitMix64::new(4);
    let mut served = 0;
    while let Ok(route) = router.route(second(0), ONE, &mut rng, |target| {
        let limit = &limits[target];
        limit
            .check(second(0), 1)
            .map(|()| limit.available(second(0)))
    }) {
        limits[route.target].charge(second(0), 1);
        served += 1;
    }
    assert_eq!(served, 3);
}

/// A success that was under way before an overload proves nothing, nor does one of another model.
#[test]
fn only_a_success_since_then_shows_that_an_overload_is_over() {
    let mut router = Router::new(models(), Policy::Weighted);
    let mut rng = SplitMix64::new(5);
    let overloaded = Refusal::Overloaded {
        scope: Scope::Model,
        retry_after: None,
    };
    for n in [10, 20, 30] {
        router.refused(second(n), route(0, second(n)), overloaded, &mut rng);
    }
    router.succeeded(route(0, second(29)));
    router.succeeded(route(1, second(35)));
    router.refused(second(40), route(0, second(40)), overloaded, &mut rng);
    let until = router.excluded_until(second(40), 0).expect("overloaded");
    let lasts = until.saturating_duration_since(second(40));
    assert!(lasts >= Duration::from_secs(4), "{lasts:?}");
}

/// One counter for all providers, compared with the limit of one, warns with every request.
#[test]
fn an_alert_is_about_one_label_and_comes_once() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 7, 10);
    usage
        .set_limit(second(0), "openrouter", Dimension::Requests, 50)
        .expect("there is room");
    let mut alerts = 0;
    for n in 0..300 {
        let label = ["openrouter", "groq", "gemini"][n % 3];
        alerts += usage.record(second(n as u64), label, ONE).len();
    }
    // 80, 95 and 100 % of one hundred requests to the only one with a limit.
    assert_eq!(alerts, 3);
}
