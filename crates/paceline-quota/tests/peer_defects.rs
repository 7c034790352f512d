//! Mistakes that other limiters make with several quotas, and this one must not.

use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};
use paceline_quota::{ProviderQuotas, QuotaTracker, Window};

fn millis(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * 1_000_000)
}

fn per(limit: u64, seconds: u64) -> QuotaTracker {
    QuotaTracker::new(limit, Window::fixed(Duration::from_secs(seconds)))
}

const ONE: Demand = Demand {
    requests: 1,
    input_tokens: 0,
    output_tokens: 0,
};

/// Asked one after the other, an hour's quota is eaten by what a second's quota refuses.
#[test]
fn a_short_quota_does_not_eat_a_long_one() {
    let mut quotas = ProviderQuotas::new();
    quotas.track("hour", Dimension::Requests, per(1_000, 3_600));
    quotas.track("second", Dimension::Requests, per(1, 1));
    let admitted = (0..1_000)
        .filter(|_| quotas.try_acquire(millis(0), ONE).is_ok())
        .count();
    assert_eq!(admitted, 1);
    let hour = quotas.quota("hour").expect("it is tracked");
    assert_eq!(hour.available(millis(0)), 999);
}

/// A refusal must name the quota that binds, and the latest time of all.
#[test]
fn a_refusal_names_what_binds() {
    let mut quotas = ProviderQuotas::new();
    quotas.track("minute", Dimension::Requests, per(1, 60));
    quotas.track("day", Dimension::Requests, per(1, 86_400));
    quotas.track("tokens", Dimension::Tokens, per(500, 60));
    quotas.charge(millis(0), ONE);

    let refused = quotas
        .try_acquire(millis(1), ONE)
        .expect_err("both are used up");
    assert_eq!(refused.name, "day");
    assert_eq!(refused.denied, Denied::Until(millis(86_400_000)));

    let large = Demand {
        input_tokens: 501,
        ..ONE
    };
    let refused = quotas
        .try_acquire(millis(1), large)
        .expect_err("it exceeds the limit");
    assert_eq!(refused.name, "tokens");
    assert_eq!(refused.denied, Denied::TooLarge { max: 500 });
}

/// An oversized request that resets the state is a way around the limit.
#[test]
fn an_oversized_request_resets_nothing() {
    let mut quota = per(10, 3_600);
    quota.charge(millis(0), 10);
    assert_eq!(
        quota.try_acquire(millis(1), 11),
        Err(Denied::TooLarge { max: 10 })
    );
    assert_eq!(quota.available(millis(1)), 0);
}

/// Changing a rule elsewhere resets its usage.
#[test]
fn a_new_limit_keeps_the_usage() {
    let mut quotas = ProviderQuotas::new();
    quotas.track("day", Dimension::Requests, per(100, 86_400));
    for _ in 0..60 {
        quotas.try_acquire(millis(0), ONE).expect("100 are allowed");
    }
    quotas
        .quota_mut("day")
        .expect("it is tracked")
        .set_limit(50);
    assert!(quotas.try_acquire(millis(0), ONE).is_err());
    assert!(quotas.quota_mut("month").is_err());
}

/// Alerts of all quotas come together, each with its name.
#[test]
fn alerts_carry_the_name_of_their_quota() {
    let mut quotas = ProviderQuotas::new();
    quotas.track("minute", Dimension::Requests, per(10, 60));
    quotas.track("day", Dimension::Requests, per(1_000, 86_400));
    for _ in 0..8 {
        quotas.charge(millis(0), ONE);
    }
    let alerts = quotas.alerts(millis(0));
    let named: Vec<_> = alerts
        .iter()
        .map(|a| (a.name.as_str(), a.alert.percent))
        .collect();
    assert_eq!(named, [("minute", 80)]);
    assert_eq!(quotas.alerts(millis(1)), []);
}
