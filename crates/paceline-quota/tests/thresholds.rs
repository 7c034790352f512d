//! Thresholds are reported once per period, when they are crossed.

use std::time::Duration;

use paceline_core::{Limiter, Timestamp};
use paceline_quota::{QuotaTracker, ThresholdError, Thresholds, Window};
use proptest::{collection::vec, prelude::*};

const PERIOD: Duration = Duration::from_secs(100);

fn second(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * 1_000_000_000)
}

fn percents(quota: &mut QuotaTracker, now: Timestamp) -> Vec<u8> {
    quota
        .alerts(now)
        .into_iter()
        .map(|alert| alert.percent)
        .collect()
}

#[test]
fn each_threshold_is_reported_when_it_is_reached_and_once() {
    let mut quota = QuotaTracker::new(1_000, Window::fixed(PERIOD));
    let none: [u8; 0] = [];
    for (cost, expected) in [
        (799, &none[..]),
        (1, &[80]),
        (100, &[]),
        (50, &[95]),
        (49, &[]),
        (1, &[100]),
        (500, &[]),
    ] {
        quota.charge(second(5), cost);
        assert_eq!(percents(&mut quota, second(5)), expected);
        assert_eq!(percents(&mut quota, second(6)), none);
    }
    // The next period begins anew; one charge may cross several.
    quota.charge(second(105), 960);
    assert_eq!(percents(&mut quota, second(105)), [80, 95]);
}

#[test]
fn falling_below_and_rising_again_is_not_news() {
    let mut quota = QuotaTracker::new(100, Window::fixed(PERIOD));
    quota.charge(second(0), 85);
    assert_eq!(percents(&mut quota, second(0)), [80]);
    // The server counted less, and moves the end of the period a little.
    quota.observe(second(1), 50, Some(second(103)));
    assert_eq!(percents(&mut quota, second(1)), []);
    quota.charge(second(2), 35);
    assert_eq!(percents(&mut quota, second(2)), []);
    quota.observe(second(102), 3, None);
    assert_eq!(percents(&mut quota, second(102)), [95]);
    quota.charge(second(103), 80);
    assert_eq!(percents(&mut quota, second(103)), [80]);
}

#[test]
fn a_rolling_window_repeats_itself_after_a_period() {
    let mut quota = QuotaTracker::new(10, Window::rolling(PERIOD));
    quota.charge(second(0), 8);
    assert_eq!(percents(&mut quota, second(0)), [80]);
    quota.charge(second(60), 0);
    assert_eq!(percents(&mut quota, second(99)), []);
    quota.charge(second(102), 8);
    assert_eq!(percents(&mut quota, second(102)), [80]);
}

#[test]
fn percentages_are_checked() {
    assert_eq!(Thresholds::new(&[0]), Err(ThresholdError));
    assert_eq!(Thresholds::new(&[101]), Err(ThresholdError));
    assert_eq!(
        Thresholds::new(&[100, 80, 95, 80]),
        Ok(Thresholds::default())
    );
}

#[test]
fn disabled_and_unlimited_quotas_are_silent() {
    for limit in [0, u64::MAX] {
        let mut quota = QuotaTracker::new(limit, Window::fixed(PERIOD));
        quota.charge(second(0), 7);
        assert_eq!(percents(&mut quota, second(0)), []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_threshold_is_reported_twice_in_a_period_nor_below_its_share(
        limit in 1..300_u64, steps in vec((0..30_u64, 0..80_u64), 1..100),
    ) {
        let mut quota = QuotaTracker::new(limit, Window::fixed(PERIOD));
        let (mut now, mut reported) = (0, std::collections::BTreeSet::new());
        for (wait, cost) in steps {
            now += wait;
            quota.charge(second(now), cost);
            let used = quota.used(second(now));
            let resets_at = quota.resets_at(second(now));
            for percent in percents(&mut quota, second(now)) {
                prop_assert!(reported.insert((resets_at, percent)), "{percent} % again");
                prop_assert!(used * 100 >= limit * u64::from(percent));
            }
            // Nothing that is reached stays unsaid.
            for percent in [80, 95, 100] {
                let reached = used * 100 >= limit * percent;
                let said = reported.contains(&(resets_at, u8::try_from(percent).expect("small")));
                prop_assert_eq!(reached && resets_at.is_some(), said);
            }
        }
    }
}
