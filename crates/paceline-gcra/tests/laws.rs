//! GCRA obeys the laws, and admits exactly what the fluid model says.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_laws::{Schedule, regimes};

#[test]
fn obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || Gcra::new(quota));
    }
    let huge = Quota::per_minute(u64::MAX);
    let schedule = Schedule::new(Duration::from_secs(90), u64::MAX);
    paceline_laws::obeys(schedule, || Gcra::new(huge));
}

#[test]
fn answers_are_defined_at_the_ends_of_every_range() {
    paceline_laws::defined_at_the_extremes(|quota, _| Some(Gcra::new(quota)));
}

#[test]
fn admits_exactly_what_the_fluid_model_admits() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        paceline_laws::admits_like(schedule, || Gcra::new(quota), paceline_laws::fluid(quota));
    }
}

#[test]
fn restoring_undoes_a_charge_and_no_more() {
    for (quota, schedule) in regimes() {
        paceline_laws::restores(schedule, || Gcra::new(quota));
    }
}

#[test]
fn a_change_of_quota_hands_out_no_fresh_burst() {
    let quotas = [
        with_burst(Quota::per_second(7), 10),
        with_burst(Quota::per_second(7), 30),
        with_burst(Quota::per_minute(41), 3),
        Quota::per_day(5_000),
        Quota::per_minute(0),
        Quota::UNLIMITED,
    ];
    paceline_laws::quota_change_is_strict(
        Schedule::new(Duration::from_secs(2), 12),
        || Gcra::new(quotas[0]),
        &quotas,
        Gcra::set_quota,
    );
}

#[test]
fn window_safe_never_exceeds_its_limit_in_any_window() {
    let minute = Duration::from_secs(60);
    for (limit, burst) in [(100, 1), (100, 10), (100, 100), (1, 1)] {
        let quota =
            Quota::window_safe(limit, minute, burst).expect("the burst is within the limit");
        paceline_laws::stays_within(
            Schedule::new(Duration::from_secs(5), 20),
            || Gcra::new(quota),
            |first, last| {
                let windows = last.saturating_duration_since(first).as_nanos() / minute.as_nanos();
                u128::from(limit) * (windows + 1)
            },
        );
    }
}

#[test]
fn window_safe_reaches_its_limit_in_some_window() {
    let quota = Quota::window_safe(100, Duration::from_secs(60), 10).expect("10 is within 100");
    let mut gcra = Gcra::new(quota);
    let mut admitted = 0;
    for millis in 0..60_000 {
        let now = Timestamp::EPOCH.saturating_add(Duration::from_millis(millis));
        while gcra.try_acquire(now, 1).is_ok() {
            admitted += 1;
        }
    }
    assert_eq!(admitted, 100);
}

fn with_burst(quota: Quota, burst: u64) -> Quota {
    quota.with_burst(burst).expect("the burst is not zero")
}
