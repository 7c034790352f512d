//! A durable quota is a limiter like any other, and counts as a naive list of grants does.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::tz::TimeZone;
use paceline_core::{Denied, Limiter, Quota, Restore, Timestamp};
use paceline_durable::{DurableQuota, Mark, QuotaId, Store, StoreError};
use paceline_laws::{Admission, Schedule};
use paceline_quota::{CalendarUnit, Window};
use proptest::{collection::vec, prelude::*};

const DAY: Duration = Duration::from_secs(86_400);

/// A store in memory, which forgets nothing.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<QuotaId, Mark>>);

impl Store for Memory {
    fn load(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError> {
        Ok(self.0.lock().expect("healthy").get(quota).copied())
    }

    fn persist(
        &self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        let mut marks = self.0.lock().expect("healthy");
        if marks.get(quota).copied() != before {
            return Err(StoreError::Overtaken);
        }
        marks.insert(*quota, after);
        Ok(())
    }
}

fn open(store: Arc<Memory>, limit: u64, window: &Window) -> DurableQuota {
    let id = QuotaId::new("team", "limit");
    DurableQuota::open(store, id, limit, window.clone())
        .expect("memory does not fail")
        .with_lease(3)
}

/// What was done to a quota.
#[derive(Clone, Copy)]
enum Deed {
    Check(Timestamp, u64),
    Charge(Timestamp, u64),
    Restore(Timestamp, u64),
    SetLimit(u64),
}

/// A quota that can be cloned, as the laws ask for: the clone does everything again in a store of its own.
struct Twin {
    quota: DurableQuota,
    limit: u64,
    window: Window,
    deeds: RefCell<Vec<Deed>>,
}

impl Twin {
    fn new(limit: u64, window: &Window) -> Self {
        Self {
            quota: open(Arc::default(), limit, window),
            limit,
            window: window.clone(),
            deeds: RefCell::default(),
        }
    }

    fn set_limit(&mut self, limit: u64) {
        self.deeds.borrow_mut().push(Deed::SetLimit(limit));
        self.quota.set_limit(limit);
    }
}

impl Clone for Twin {
    fn clone(&self) -> Self {
        let mut twin = Self::new(self.limit, &self.window);
        for &deed in self.deeds.borrow().iter() {
            match deed {
                Deed::Check(now, cost) => {
                    let _ = twin.check(now, cost);
                }
                Deed::Charge(now, cost) => twin.charge(now, cost),
                Deed::Restore(now, cells) => twin.restore(now, cells),
                Deed::SetLimit(limit) => twin.set_limit(limit),
            }
        }
        twin
    }
}

impl Limiter for Twin {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.deeds.borrow_mut().push(Deed::Check(now, cost));
        self.quota.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.deeds.borrow_mut().push(Deed::Charge(now, cost));
        self.quota.charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.quota.available(now)
    }
}

impl Restore for Twin {
    fn restore(&mut self, now: Timestamp, cells: u64) {
        self.deeds.borrow_mut().push(Deed::Restore(now, cells));
        self.quota.restore(now, cells);
    }
}

fn windows() -> [(Window, Duration); 4] {
    let second = Duration::from_secs(1);
    let calendar = |unit, zone| {
        let zone = TimeZone::get(zone).expect("the zone is bundled");
        Window::calendar(unit, zone)
    };
    [
        (Window::fixed(10 * second), 3 * second),
        (Window::fixed(30 * DAY), 5 * DAY),
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
            paceline_laws::obeys(schedule, || Twin::new(limit, &window));
        }
    }
}

#[test]
fn what_is_restored_was_never_charged() {
    for (window, wait) in windows() {
        paceline_laws::restores(Schedule::new(wait, 12), || Twin::new(10, &window));
    }
}

#[test]
fn a_change_of_limit_hands_out_nothing_that_was_spent() {
    let quotas = [10, 30, 4, 0].map(Quota::per_minute);
    paceline_laws::quota_change_is_strict(
        Schedule::new(Duration::from_secs(9), 12),
        || Twin::new(10, &Window::fixed(Duration::from_secs(60))),
        &quotas,
        |twin, _, quota| twin.set_limit(quota.limit()),
    );
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
        || Twin::new(10, &Window::fixed(period)),
        reference,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Ending in order at any moment changes no answer, whatever the lease.
    #[test]
    fn a_clean_restart_at_any_time_changes_nothing(
        calls in vec((0..40_u64, 1..12_u64, any::<bool>()), 1..60),
        lease in 0..20_u64,
    ) {
        let window = Window::fixed(Duration::from_secs(60));
        let store = Arc::new(Memory::default());
        let mut restarted = open(store.clone(), 30, &window).with_lease(lease);
        let mut other = open(Arc::default(), 30, &window);
        let mut now = Timestamp::EPOCH;
        for (wait, cost, restart) in calls {
            now = now.saturating_add(Duration::from_secs(wait));
            if restart {
                restarted.close().expect("memory does not fail");
                restarted = open(store.clone(), 30, &window).with_lease(lease);
            }
            prop_assert_eq!(restarted.try_acquire(now, cost), other.try_acquire(now, cost));
            prop_assert_eq!(restarted.used(now), other.used(now));
            prop_assert_eq!(restarted.resets_at(now), other.resets_at(now));
        }
    }

    /// A mark is never more than a lease, or the largest cost, ahead of what was granted; renewals included.
    #[test]
    fn a_mark_runs_ahead_by_a_lease_at_most(
        calls in vec((1..12_u64, any::<bool>(), any::<bool>()), 1..80),
        lease in 0..20_u64,
    ) {
        let store = Arc::new(Memory::default());
        let window = Window::fixed(DAY);
        let mut quota = open(store.clone(), 300, &window).with_lease(lease);
        let (now, mut largest, mut granted) = (Timestamp::EPOCH, 0, 0);
        for (cost, renew, only_ask) in calls {
            largest = largest.max(cost);
            if only_ask {
                let _ = quota.check(now, cost);
            } else if quota.try_acquire(now, cost).is_ok() {
                granted += cost;
            }
            if renew && let Some(renewal) = quota.renewal(now) {
                renewal.write().expect("memory does not fail");
            }
            let mark = store.load(&QuotaId::new("team", "limit")).expect("healthy");
            let durable = mark.map_or(0, |mark| mark.granted_up_to);
            prop_assert!(durable >= granted && durable <= 300);
            prop_assert!(durable - granted <= lease.max(1).max(largest));
        }
    }
}
