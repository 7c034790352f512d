//! Ends of windows, changes of clocks and limits, and the ends of every range.

mod faulty;

use std::{
    sync::{Arc, Barrier, Mutex},
    thread,
    time::Duration,
};

use faulty::{Fate, Medium};
use jiff::tz::TimeZone;
use paceline_composite::{OptimisticSettling, Settle};
use paceline_core::{Denied, Limiter, Timestamp};
use paceline_durable::{DurableQuota, HighWaterFile, NotGranted, QuotaId, RedbStore, Store};
use paceline_quota::{CalendarUnit, Window};
use redb::backends::InMemoryBackend;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn at(text: &str) -> Timestamp {
    let moment: jiff::Timestamp = text.parse().expect("a time");
    let nanos = u64::try_from(moment.as_nanosecond()).expect("after 1970");
    Timestamp::from_nanos(nanos)
}

fn open(medium: &Medium, limit: u64, window: &Window) -> DurableQuota {
    let store = Arc::new(HighWaterFile::on(medium.handle()).expect("it opens"));
    let id = QuotaId::new("team", "limit");
    DurableQuota::open(store, id, limit, window.clone())
        .expect("it opens")
        .with_lease(10)
}

fn calendar(unit: CalendarUnit, zone: &str) -> Window {
    Window::calendar(unit, TimeZone::get(zone).expect("the zone is bundled"))
}

/// The power fails, and what was written is there.
fn crash(medium: &Medium, quota: DurableQuota) {
    medium.crash(&mut |_| Fate::Whole);
    drop(quota);
}

#[test]
fn a_day_ends_at_local_midnight_also_over_a_restart() {
    // Clocks go back in Berlin on this day: it has 25 hours, and ends at 23:00 UTC.
    let window = calendar(CalendarUnit::Day, "Europe/Berlin");
    let medium = Medium::default();
    let mut quota = open(&medium, 100, &window);
    quota
        .grant(at("2026-10-24T22:00:00Z"), 100)
        .expect("the day begins");
    crash(&medium, quota);
    let mut quota = open(&medium, 100, &window);
    let midnight = at("2026-10-25T23:00:00Z");
    let almost = midnight.saturating_sub(Duration::from_nanos(1));
    assert_eq!(quota.check(almost, 1), Err(Denied::Until(midnight)));
    quota.grant(midnight, 100).expect("another day");
    assert_eq!(quota.resets_at(midnight), Some(at("2026-10-26T23:00:00Z")));
}

#[test]
fn a_month_ends_with_the_month() {
    let window = calendar(CalendarUnit::Month, "UTC");
    let medium = Medium::default();
    let mut quota = open(&medium, 50, &window);
    quota
        .grant(at("2028-02-29T23:59:59Z"), 50)
        .expect("the month has begun");
    quota.close().expect("healthy");
    let quota = open(&medium, 50, &window);
    assert_eq!(quota.available(at("2028-02-29T23:59:59Z")), 0);
    assert_eq!(quota.available(at("2028-03-01T00:00:00Z")), 50);
}

#[test]
fn a_clock_that_is_set_back_opens_no_day_again() {
    let window = calendar(CalendarUnit::Day, "UTC");
    let (first, second) = (at("2026-05-01T12:00:00Z"), at("2026-05-02T12:00:00Z"));
    let medium = Medium::default();
    let mut quota = open(&medium, 100, &window);
    quota.grant(first, 100).expect("the first day");
    quota.grant(second, 70).expect("the second day");
    for hours in [1, 20, 24, 24 * 400] {
        let back = second.saturating_sub(hours * HOUR);
        assert_eq!(quota.available(back), 30, "{hours} hours back");
        crash(&medium, quota);
        quota = open(&medium, 100, &window);
        assert!((20..=30).contains(&quota.available(back)));
        assert_eq!(quota.resets_at(back), Some(at("2026-05-03T00:00:00Z")));
    }
}

/// Gate G15: a laptop sleeps for eight hours.
#[test]
fn a_jump_ahead_opens_the_right_day_and_no_more() {
    let window = calendar(CalendarUnit::Day, "UTC");
    let medium = Medium::default();
    let mut quota = open(&medium, 100, &window);
    let mut now = at("2026-05-01T01:00:00Z");
    let mut granted = Vec::new();
    for _ in 0..6 {
        granted.push((0..200).filter(|_| quota.grant(now, 1).is_ok()).count());
        now = now.saturating_add(8 * HOUR);
    }
    assert_eq!(granted, [100, 0, 0, 100, 0, 0]);
}

#[test]
fn a_limit_that_changes_is_no_gift_and_no_underflow() {
    let (window, now) = (Window::fixed(DAY), Timestamp::EPOCH);
    let medium = Medium::default();
    let mut quota = open(&medium, 100, &window);
    quota.grant(now, 80).expect("there is enough");
    for (limit, available) in [(20, 0), (80, 0), (81, 1), (0, 0), (120, 40), (100, 20)] {
        quota.set_limit(limit);
        assert_eq!(quota.available(now), available, "limit {limit}");
        assert_eq!(quota.used(now), 80);
        let refused = quota.check(now, available + 1);
        let too_large = available + 1 > limit;
        assert_eq!(matches!(refused, Err(Denied::TooLarge { .. })), too_large);
        assert!(refused.is_err());
    }
    // Opened with a limit below what was used.
    quota.close().expect("healthy");
    let mut quota = open(&medium, 30, &window);
    assert_eq!((quota.used(now), quota.available(now)), (80, 0));
    assert!(quota.grant(now, 1).is_err());
    quota.set_limit(90);
    assert_eq!(quota.available(now), 10);
}

#[test]
fn the_ends_of_every_range_are_defined() {
    let limits = [0, 1, 2, 1_000, u64::MAX - 1, u64::MAX];
    let costs = [0, 1, 2, 1_000, u64::MAX - 1, u64::MAX];
    let times = [0, 1, u64::MAX / 2, u64::MAX - 2, u64::MAX - 1, u64::MAX];
    let mut windows = vec![
        Window::fixed(Duration::from_nanos(1)),
        Window::fixed(100 * 365 * DAY),
        Window::fixed(Duration::MAX),
    ];
    let units = [CalendarUnit::Minute, CalendarUnit::Day, CalendarUnit::Month];
    windows.extend(units.map(|unit| calendar(unit, "America/Los_Angeles")));
    for window in &windows {
        for limit in limits {
            for lease in [0, 1, u64::MAX] {
                let medium = Medium::default();
                let mut quota = open(&medium, limit, window).with_lease(lease);
                let mut granted = 0_u128;
                for now in times.map(Timestamp::from_nanos) {
                    for cost in costs {
                        let available = quota.available(now);
                        let answer = quota.grant(now, cost);
                        assert_eq!(answer.is_ok(), cost <= available, "{limit} {cost} {now:?}");
                        if let Some(renewal) = quota.renewal(now) {
                            renewal.write().expect("healthy");
                        }
                        quota.charge(now, 0);
                        granted += u128::from(if answer.is_ok() { cost } else { 0 });
                    }
                    if limit == 0 {
                        assert_eq!(quota.check(now, 1), Err(Denied::TooLarge { max: 0 }));
                    }
                }
                // At the end of time a window never ends.
                let end = Timestamp::MAX;
                if limit < u64::MAX {
                    quota.charge(end, u64::MAX);
                    assert_eq!(quota.available(end), 0);
                    assert_eq!(quota.used(end), u64::MAX);
                }
                crash(&medium, quota);
                let quota = open(&medium, limit, window);
                assert_eq!(limit < u64::MAX, quota.used(end) == u64::MAX);
                let bound = u128::from(limit) * 6;
                assert!(
                    limit == u64::MAX || granted <= bound,
                    "{granted} of {limit}"
                );
            }
        }
    }
}

/// Costs above a lease are durable as a whole before they are granted.
#[test]
fn a_cost_may_be_larger_than_a_lease() {
    let (window, now) = (Window::fixed(DAY), Timestamp::EPOCH);
    let medium = Medium::default();
    let mut quota = open(&medium, 10_000, &window);
    quota.grant(now, 7_777).expect("there is enough");
    crash(&medium, quota);
    assert_eq!(open(&medium, 10_000, &window).used(now), 7_777);
}

/// A limit on tokens, of which the answer says how many there were.
#[test]
fn an_estimate_is_settled_over_a_restart() -> Result<(), Box<dyn std::error::Error>> {
    let (window, now) = (Window::fixed(DAY), Timestamp::EPOCH);
    let medium = Medium::default();
    let mut tokens = OptimisticSettling::new(open(&medium, 10_000, &window));
    let receipt = tokens.reserve(now, 5_000)?;
    tokens.settle(now, receipt, 1_200)?;
    drop(tokens);
    assert_eq!(open(&medium, 10_000, &window).used(now), 1_200);
    Ok(())
}

/// Gate G24: a hundred threads, a limit of five, a thousand times.
#[test]
fn of_a_hundred_threads_five_are_granted() {
    let file = HighWaterFile::on(Medium::default().handle()).expect("it opens");
    let redb = RedbStore::on(InMemoryBackend::new(), 1).expect("it opens");
    let stores: [Arc<dyn Store>; 2] = [Arc::new(file), Arc::new(redb)];
    for store in stores {
        let quotas: Vec<_> = (0..1_000)
            .map(|round| {
                let id = QuotaId::new("team", &format!("{round}"));
                let opened = DurableQuota::open(store.clone(), id, 5, Window::fixed(DAY));
                (Mutex::new(opened.expect("it opens")), Mutex::new(0))
            })
            .collect();
        let barrier = Barrier::new(100);
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    barrier.wait();
                    for (quota, granted) in &quotas {
                        let mut quota = quota.lock().expect("healthy");
                        match quota.grant(Timestamp::EPOCH, 1) {
                            Ok(()) => *granted.lock().expect("healthy") += 1,
                            Err(NotGranted::Denied(_)) => {}
                            Err(NotGranted::Store(err)) => panic!("{err}"),
                        }
                    }
                });
            }
        });
        for (round, (_, granted)) in quotas.into_iter().enumerate() {
            assert_eq!(granted.into_inner().expect("healthy"), 5, "round {round}");
        }
    }
}

/// A renewal under way never lets a thread grant what is not durable, and never writes over a newer mark.
#[test]
fn renewals_of_another_thread_change_no_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("quotas");
    let open = || {
        let store = Arc::new(HighWaterFile::open(&path).expect("it opens"));
        let id = QuotaId::new("team", "limit");
        let opened = DurableQuota::open(store, id, 20_000, Window::fixed(DAY));
        opened.expect("it opens").with_lease(100)
    };
    let quota = Mutex::new(open());
    let granted = Mutex::new(0_u64);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..6_000 {
                    let renewal = {
                        let mut quota = quota.lock().expect("healthy");
                        if quota.grant(Timestamp::EPOCH, 1).is_ok() {
                            *granted.lock().expect("healthy") += 1;
                        }
                        quota.renewal(Timestamp::EPOCH)
                    };
                    if let Some(renewal) = renewal {
                        renewal.write().expect("healthy");
                    }
                }
            });
        }
    });
    assert_eq!(*granted.lock().expect("healthy"), 20_000);
    drop(quota);
    assert_eq!(open().used(Timestamp::EPOCH), 20_000);
}
