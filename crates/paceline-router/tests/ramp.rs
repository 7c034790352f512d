//! A target that returns is not hit by everybody at once.

use std::time::Duration;

use paceline_core::{Demand, Denied, SplitMix64, Timestamp};
use paceline_router::{Policy, Refusal, Route, Router, Scope, Target};
use proptest::prelude::*;

const RAMP_MS: u64 = 10_000;
const RETURNS_MS: u64 = 1_000;

fn at(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

/// The better one of two targets, refused until 1 s.
fn router(ramp_ms: u64) -> Router {
    let targets = vec![
        Target::new("primary", "key", "model"),
        Target::new("fallback", "key", "model").with_priority(1),
    ];
    let ramp = Duration::from_millis(ramp_ms);
    let mut router = Router::new(targets, Policy::Priority).with_ramp(ramp);
    let refused = Route {
        target: 0,
        sent_at: at(0),
    };
    let refusal = Refusal::Limited {
        scope: Scope::Provider,
        until: Some(at(RETURNS_MS)),
    };
    router.refused(at(0), refused, refusal, &mut SplitMix64::new(0));
    router
}

/// How many of 10,000 decisions go to the better target.
fn share(router: &Router, now: Timestamp) -> f64 {
    let mut rng = SplitMix64::new(7);
    let chosen = |_: &u32| {
        let route = router.route(now, Demand::default(), &mut rng, |_| Ok(1));
        route.expect("all admit").target == 0
    };
    (0..10_000).filter(chosen).count() as f64
}

#[test]
fn a_target_returns_by_and_by() {
    let router = router(RAMP_MS);
    assert_eq!(share(&router, at(RETURNS_MS)), 0.0);
    for percent in [10, 50, 90] {
        let found = share(&router, at(RETURNS_MS + RAMP_MS * percent / 100));
        let expected = percent as f64 * 100.0;
        // Five standard deviations of a share of 10,000.
        let deviation = (expected * (1.0 - expected / 10_000.0)).sqrt();
        assert!(
            (found - expected).abs() <= 5.0 * deviation,
            "{found} of {expected}"
        );
    }
    assert_eq!(share(&router, at(RETURNS_MS + RAMP_MS)), 10_000.0);
}

#[test]
fn without_a_ramp_it_returns_at_once() {
    assert_eq!(share(&router(0), at(RETURNS_MS - 1)), 0.0);
    assert_eq!(share(&router(0), at(RETURNS_MS)), 10_000.0);
}

#[test]
fn a_target_that_was_never_refused_has_no_ramp() {
    let targets = vec![
        Target::new("a", "key", "model"),
        Target::new("b", "key", "model"),
    ];
    let router = Router::new(targets, Policy::Weighted);
    let found = share(&router, Timestamp::EPOCH);
    assert!((found - 5_000.0).abs() <= 250.0, "{found}");
}

#[test]
fn a_paid_bill_has_a_ramp_too() {
    let mut router = router(RAMP_MS);
    let refused = Route {
        target: 0,
        sent_at: at(0),
    };
    router.refused(at(0), refused, Refusal::Billing, &mut SplitMix64::new(0));
    router.reinstate(at(50_000), 0, Scope::Key);
    assert_eq!(share(&router, at(50_000)), 0.0);
    assert_eq!(share(&router, at(50_000 + RAMP_MS)), 10_000.0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Holding back is never a reason to serve nobody.
    #[test]
    fn a_returning_target_serves_if_nobody_else_can(seed: u64, since_ms in 0..RAMP_MS) {
        let router = router(RAMP_MS);
        let now = at(RETURNS_MS + since_ms);
        let ask = |target| match target {
            0 => Ok(1),
            _ => Err(Denied::Until(at(99_000))),
        };
        let route = router.route(now, Demand::default(), &mut SplitMix64::new(seed), ask);
        prop_assert_eq!(route.map(|route| route.target), Ok(0));
    }
}
