//! A restart forgets nothing, and a snapshot of something else is refused.

use std::time::Duration;

use jiff::tz::TimeZone;
use paceline_core::{Limiter, Timestamp};
use paceline_quota::{CalendarUnit, QuotaTracker, RestoreError, Snapshot, Window};
use proptest::{collection::vec, prelude::*};

const DAY: Duration = Duration::from_secs(86_400);

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("the zone is bundled")
}

fn window(index: usize) -> Window {
    match index {
        0 => Window::fixed(DAY),
        1 => Window::rolling(DAY),
        _ => Window::calendar(CalendarUnit::Day, zone("America/Los_Angeles")),
    }
}

/// Through text and back, as a file would.
fn restarted(quota: &QuotaTracker, window: Window) -> QuotaTracker {
    let text = serde_json::to_string(&quota.snapshot()).expect("plain data");
    let snapshot: Snapshot = serde_json::from_str(&text).expect("what was just written");
    let mut fresh = QuotaTracker::new(quota.limit(), window);
    fresh.restore(&snapshot).expect("the same shape");
    fresh
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_at_any_time_changes_nothing(
        kind in 0..3_usize,
        steps in vec((0..40_000_u64, 0..60_u64, any::<bool>()), 1..60),
    ) {
        let mut steady = QuotaTracker::new(100, window(kind));
        let (mut shaken, mut seconds) = (steady.clone(), 1_750_000_000);
        for (wait, cost, restart) in steps {
            seconds += wait;
            let now = Timestamp::from_nanos(seconds * 1_000_000_000);
            if restart {
                shaken = restarted(&shaken, window(kind));
            }
            prop_assert_eq!(shaken.check(now, cost), steady.check(now, cost));
            steady.charge(now, cost);
            shaken.charge(now, cost);
            prop_assert_eq!(shaken.alerts(now), steady.alerts(now));
            prop_assert_eq!(shaken.snapshot(), steady.snapshot());
        }
    }
}

#[test]
fn a_snapshot_of_another_shape_is_refused_and_changes_nothing() {
    let now = Timestamp::from_nanos(1_750_000_000_000_000_000);
    let mut quota = QuotaTracker::new(10, Window::fixed(DAY));
    quota.charge(now, 4);
    let snapshot = quota.snapshot();
    for other in [
        Window::fixed(2 * DAY),
        Window::rolling(DAY),
        Window::calendar(CalendarUnit::Day, zone("UTC")),
    ] {
        let mut other = QuotaTracker::new(10, other);
        other.charge(now, 9);
        assert_eq!(other.restore(&snapshot), Err(RestoreError::Window));
        assert_eq!(other.used(now), 9);
    }
    let day = |name| QuotaTracker::new(10, Window::calendar(CalendarUnit::Day, zone(name)));
    let pacific = day("America/Los_Angeles").snapshot();
    assert_eq!(
        day("Europe/Berlin").restore(&pacific),
        Err(RestoreError::Window)
    );
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let parse = |text: &str| serde_json::from_str::<Snapshot>(text);
    let shape = "fixed 86400000000000 ns";
    let with = |version: u32, used: &str| {
        let text =
            format!(r#"{{"version":{version},"window":"{shape}","used":{used},"reported":[]}}"#);
        let snapshot = parse(&text).expect("well formed");
        QuotaTracker::new(10, Window::fixed(DAY)).restore(&snapshot)
    };
    assert_eq!(with(1, "[[4,100]]"), Ok(()));
    assert_eq!(with(2, "[[4,100]]"), Err(RestoreError::Version));
    assert_eq!(with(1, "[[4,100],[4,100]]"), Err(RestoreError::Disordered));
    assert!(parse(r#"{"version":1,"window":"","used":[],"reported":[],"more":1}"#).is_err());
    assert!(parse(r#"{"version":1,"window":"","used":[[-1,5]],"reported":[]}"#).is_err());
}

#[test]
fn usage_counts_under_another_limit() {
    let now = Timestamp::from_nanos(1_750_000_000_000_000_000);
    let mut small = QuotaTracker::new(10, Window::fixed(DAY));
    small.charge(now, 8);
    let mut large = QuotaTracker::new(100, Window::fixed(DAY));
    large
        .restore(&small.snapshot())
        .expect("the window is the same");
    assert_eq!(large.available(now), 92);
}
