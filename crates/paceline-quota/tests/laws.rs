//! Every window obeys the laws, and none holds more than its limit.

use std::time::Duration;

use jiff::tz::TimeZone;
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_laws::{Admission, Schedule};
use paceline_quota::{CalendarUnit, QuotaTracker, Window};

const DAY: Duration = Duration::from_secs(86_400);

fn windows() -> [(Window, Duration); 7] {
    let second = Duration::from_secs(1);
    let calendar = |unit, zone| {
        let zone = TimeZone::get(zone).expect("the zone is bundled");
        Window::calendar(unit, zone)
    };
    [
        (Window::fixed(10 * second), 3 * second),
        (Window::fixed(30 * DAY), 5 * DAY),
        (Window::rolling(10 * second), 3 * second),
        (Window::rolling(DAY), DAY / 4),
        (calendar(CalendarUnit::Minute, "UTC"), 20 * second),
        (calendar(CalendarUnit::Day, "Europe/Berlin"), DAY / 3),
        (calendar(CalendarUnit::Month, "Asia/Kolkata"), 9 * DAY),
    ]
}

#[test]
fn every_window_obeys_the_laws() {
    for (window, wait) in windows() {
        for (limit, cost) in [
            (10, 12),
            (1, 2),
            (0, 3),
            (450_000_000, 500_000_000),
            (u64::MAX - 1, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            let schedule = Schedule::new(wait, cost);
            paceline_laws::obeys(schedule, || QuotaTracker::new(limit, window.clone()));
        }
    }
}

#[test]
fn answers_are_defined_at_the_ends_of_every_range() {
    for (window, _) in windows() {
        paceline_laws::defined_at_the_extremes(|quota, _| {
            Some(QuotaTracker::new(quota.limit(), window.clone()))
        });
    }
    paceline_laws::defined_at_the_extremes(|quota, _| {
        Some(QuotaTracker::new(
            quota.limit(),
            Window::rolling(quota.period()),
        ))
    });
}

/// Of a rolling window any, of the others those that it opens, so twice the limit within a period.
#[test]
fn no_window_holds_more_than_the_limit() {
    let second = Duration::from_secs(1);
    let schedule = Schedule::new(3 * second, 7);
    let bound = |slack: u128| {
        move |first: Timestamp, last: Timestamp| {
            let span = last.saturating_duration_since(first).as_nanos();
            10 * (span / (10 * second).as_nanos() + 1 + slack)
        }
    };
    let make = |window: fn(Duration) -> Window| move || QuotaTracker::new(10, window(10 * second));
    paceline_laws::stays_within(schedule, make(Window::rolling), bound(0));
    paceline_laws::stays_within(schedule, make(Window::fixed), bound(1));
}

/// A naive walk over all admissions, window by window.
#[test]
fn a_fixed_window_admits_what_a_naive_list_admits() {
    let period = Duration::from_secs(10);
    let reference = move |admitted: &[Admission], now: Timestamp, cost: u64| {
        let (mut ends, mut used) = (Timestamp::EPOCH, 0);
        for earlier in admitted.iter().filter(|earlier| earlier.cost > 0) {
            if earlier.at >= ends {
                (ends, used) = (earlier.at.saturating_add(period), 0);
            }
            used += earlier.cost;
        }
        let used = if now >= ends { 0 } else { used };
        used + cost <= 10
    };
    paceline_laws::admits_like(
        Schedule::new(Duration::from_secs(4), 12),
        || QuotaTracker::new(10, Window::fixed(period)),
        reference,
    );
}

#[test]
fn a_rolling_window_frees_cells_at_most_a_sixtieth_late() {
    let minute = Duration::from_secs(60);
    let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
    let mut quota = QuotaTracker::new(10, Window::rolling(minute));
    let begin = Timestamp::from_nanos(5_400_000_000);
    quota.charge(begin, 4);
    quota.charge(second(20), 6);
    // The slot from 5 s to 6 s leaves at 66 s, the cells in it 60 s after they came or later.
    assert_eq!(quota.available(second(65)), 0);
    assert_eq!(quota.available(second(66)), 4);
    assert_eq!(quota.available(second(81)), 10);
}

#[test]
fn a_limit_that_changes_keeps_what_was_used() {
    let now = Timestamp::from_nanos(7);
    let mut quota = QuotaTracker::new(10, Window::fixed(DAY));
    quota.charge(now, 8);
    for (limit, available) in [(20, 12), (5, 0), (0, 0), (10, 2)] {
        quota.set_limit(limit);
        assert_eq!(quota.available(now), available, "limit {limit}");
    }
}

#[test]
fn a_change_of_limit_hands_out_nothing_that_was_spent() {
    let quotas = [10, 30, 4, 0].map(Quota::per_minute);
    for window in [Window::fixed, Window::rolling] {
        paceline_laws::quota_change_is_strict(
            Schedule::new(Duration::from_secs(9), 12),
            || QuotaTracker::new(10, window(Duration::from_secs(60))),
            &quotas,
            |tracker, _, quota| tracker.set_limit(quota.limit()),
        );
    }
}
