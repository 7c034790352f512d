//! Days and months end when the calendar says so.

use jiff::tz::TimeZone;
use paceline_core::{Denied, Limiter, Timestamp};
use paceline_quota::{CalendarUnit, QuotaTracker, Window};

fn at(text: &str) -> Timestamp {
    let moment: jiff::Timestamp = text.parse().expect("the test's time is RFC 3339");
    Timestamp::from_nanos(u64::try_from(moment.as_nanosecond()).expect("after 1970"))
}

/// When a window that is open at `now` ends.
fn ends(unit: CalendarUnit, zone: &str, now: &str) -> Timestamp {
    let zone = TimeZone::get(zone).expect("the zone is bundled");
    let mut quota = QuotaTracker::new(1, Window::calendar(unit, zone));
    quota.charge(at(now), 1);
    let Err(Denied::Until(ends)) = quota.check(at(now), 1) else {
        panic!("the quota is used up")
    };
    ends
}

fn hours(from: &str, to: Timestamp) -> f64 {
    to.saturating_duration_since(at(from)).as_secs_f64() / 3_600.0
}

#[test]
fn a_day_lasts_23_hours_when_clocks_go_forward() {
    for (zone, midnight, next) in [
        (
            "America/Los_Angeles",
            "2026-03-08T08:00:00Z",
            "2026-03-09T07:00:00Z",
        ),
        (
            "Europe/Berlin",
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
        ),
    ] {
        let ends = ends(CalendarUnit::Day, zone, midnight);
        assert_eq!(ends, at(next), "{zone}");
        assert!((hours(midnight, ends) - 23.0).abs() < 1e-9);
    }
}

#[test]
fn a_day_lasts_25_hours_when_clocks_go_back() {
    for (zone, midnight, next) in [
        (
            "America/Los_Angeles",
            "2026-11-01T07:00:00Z",
            "2026-11-02T08:00:00Z",
        ),
        (
            "Europe/Berlin",
            "2026-10-24T22:00:00Z",
            "2026-10-25T23:00:00Z",
        ),
    ] {
        let ends = ends(CalendarUnit::Day, zone, midnight);
        assert_eq!(ends, at(next), "{zone}");
        assert!((hours(midnight, ends) - 25.0).abs() < 1e-9);
    }
}

/// In Lebanon clocks go forward at midnight, so 2022-03-27 began at 01:00.
#[test]
fn a_date_without_a_midnight_begins_when_clocks_go_on() {
    let before = "2022-03-26T20:00:00Z";
    assert_eq!(
        ends(CalendarUnit::Day, "Asia/Beirut", before),
        at("2022-03-26T22:00:00Z")
    );
    let after = "2022-03-26T22:00:00Z";
    assert_eq!(
        ends(CalendarUnit::Day, "Asia/Beirut", after),
        at("2022-03-27T21:00:00Z")
    );
}

#[test]
fn months_have_their_own_lengths() {
    for (now, next) in [
        ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
        ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(ends(CalendarUnit::Month, "UTC", now), at(next), "{now}");
    }
    // March in Los Angeles is an hour short.
    let march = ends(
        CalendarUnit::Month,
        "America/Los_Angeles",
        "2026-03-01T08:00:00Z",
    );
    assert_eq!(march, at("2026-04-01T07:00:00Z"));
}

#[test]
fn hours_and_minutes_follow_the_wall_clock() {
    // Kolkata is five and a half hours ahead: its hours begin at half past.
    let hour = ends(CalendarUnit::Hour, "Asia/Kolkata", "2026-05-05T10:10:00Z");
    assert_eq!(hour, at("2026-05-05T10:30:00Z"));
    let minute = ends(
        CalendarUnit::Minute,
        "Asia/Kolkata",
        "2026-05-05T10:10:59.999999999Z",
    );
    assert_eq!(minute, at("2026-05-05T10:11:00Z"));
}

#[test]
fn a_day_quota_is_whole_again_at_local_midnight_and_not_before() {
    let zone = TimeZone::get("America/Los_Angeles").expect("the zone is bundled");
    let mut quota = QuotaTracker::new(20, Window::calendar(CalendarUnit::Day, zone));
    quota.charge(at("2026-07-01T18:00:00Z"), 20);
    let midnight = at("2026-07-02T07:00:00Z");
    let just_before = Timestamp::from_nanos(midnight.as_nanos() - 1);
    assert_eq!(
        (quota.available(just_before), quota.available(midnight)),
        (0, 20)
    );
}
