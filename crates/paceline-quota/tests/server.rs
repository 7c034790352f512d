//! What the server says, and what follows for the pace.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_quota::{QuotaTracker, Window};
use proptest::prelude::*;

fn second(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * 1_000_000_000)
}

fn hourly(limit: u64) -> QuotaTracker {
    QuotaTracker::new(limit, Window::fixed(Duration::from_secs(3_600)))
}

#[test]
fn the_server_has_the_last_word() {
    let mut quota = hourly(100);
    quota.charge(second(0), 10);
    quota.observe(second(10), 30, Some(second(1_000)));
    assert_eq!(quota.available(second(10)), 30);
    assert_eq!(quota.resets_at(second(10)), Some(second(1_000)));
    // After its reset, windows open by first use again.
    assert_eq!(quota.available(second(1_000)), 100);
    quota.charge(second(1_500), 1);
    assert_eq!(quota.resets_at(second(1_500)), Some(second(5_100)));
}

#[test]
fn what_the_server_leaves_out_stays_as_it_was() {
    let mut quota = hourly(100);
    quota.charge(second(100), 10);
    for past_or_unknown in [None, Some(second(90)), Some(second(200))] {
        quota.observe(second(200), 40, past_or_unknown);
        assert_eq!(quota.available(second(200)), 40);
        assert_eq!(quota.resets_at(second(200)), Some(second(3_700)));
    }
    quota.observe(second(200), u64::MAX, None);
    assert_eq!(quota.available(second(200)), 100);
}

#[test]
fn every_window_takes_the_servers_word() {
    let mut rolling = QuotaTracker::new(100, Window::rolling(Duration::from_secs(60)));
    rolling.charge(second(0), 50);
    rolling.observe(second(30), 0, Some(second(45)));
    assert_eq!(rolling.available(second(44)), 0);
    assert_eq!(rolling.available(second(45)), 100);
}

#[test]
fn the_sustainable_rate_spreads_what_is_left() {
    let mut quota = hourly(100);
    let rate = |quota: &QuotaTracker, now| {
        quota
            .sustainable_rate(second(now))
            .map(|rate| (rate.limit(), rate.period().as_secs()))
    };
    assert_eq!(rate(&quota, 7), Some((100, 3_600)));
    quota.charge(second(0), 40);
    assert_eq!(rate(&quota, 1_800), Some((60, 1_800)));
    quota.charge(second(1_800), 60);
    assert_eq!(rate(&quota, 1_800), Some((0, 1_800)));
    assert_eq!(rate(&hourly(u64::MAX), 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_the_sustainable_rate_the_quota_lasts_to_the_reset(
        limit in 1..10_000_u64, used in 0..10_000_u64, now in 0..3_600_u64,
    ) {
        let mut quota = hourly(limit);
        quota.charge(second(0), used.max(1));
        let now = second(now);
        let rate = quota.sustainable_rate(now).expect("there is a limit");
        let resets_at = quota.resets_at(now).expect("a window is open");
        prop_assert_eq!(rate.limit(), quota.available(now));
        prop_assert_eq!(now.saturating_add(rate.period()), resets_at);
        prop_assert!(rate != Quota::UNLIMITED);
    }
}
