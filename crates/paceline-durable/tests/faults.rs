//! A store that fails ends all granting, with an error of its own and no wait.

mod faulty;

use std::{io::ErrorKind, sync::Arc, time::Duration};

use faulty::{Call, Fate, Fault, Medium};
use paceline_composite::All;
use paceline_core::{Denied, Limiter, Quota, Restore, Timestamp};
use paceline_durable::{
    DurableQuota, HighWaterFile, Mark, NotGranted, OpenError, QuotaId, RedbStore, Store, StoreError,
};
use paceline_gcra::Gcra;
use paceline_quota::Window;
use paceline_tokio::{AcquireError, Throttle};

const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

fn id() -> QuotaId {
    QuotaId::new("team", "tokens/day")
}

fn open(store: impl Store + 'static, limit: u64) -> DurableQuota {
    DurableQuota::open(Arc::new(store), id(), limit, Window::fixed(DAY)).expect("it opens")
}

fn on(medium: &Medium) -> DurableQuota {
    open(HighWaterFile::on(medium.handle()).expect("it opens"), 1_000).with_lease(10)
}

/// Whichever call fails, and however: what was granted stays granted, and nothing is any more.
#[test]
fn after_any_failed_call_nothing_is_granted_until_it_is_opened_again() {
    let mut cases = 0;
    for kind in [
        ErrorKind::StorageFull,
        ErrorKind::Other,
        ErrorKind::ReadOnlyFilesystem,
    ] {
        for call in 0..60 {
            let medium = Medium::default();
            let mut quota = on(&medium);
            medium.plan(move |number, _| (number == call).then_some(Fault::Error(kind, 30)));
            let mut granted = 0;
            let failed = loop {
                match quota.grant(NOW, 3) {
                    Ok(()) => granted += 3,
                    Err(NotGranted::Store(err)) => break err,
                    Err(NotGranted::Denied(denied)) => panic!("{denied}"),
                }
            };
            assert!(matches!(*failed, StoreError::Io(_)), "{failed}");
            medium.heal();
            for hours in 0..100 {
                let now = NOW.saturating_add(hours * DAY / 24);
                assert!(matches!(quota.grant(now, 1), Err(NotGranted::Store(_))));
                assert_eq!(quota.check(now, 1), Err(Denied::TooLarge { max: 0 }));
                assert_eq!(quota.check(now, 0), Ok(()));
                assert_eq!(quota.available(now), 0);
                assert!(quota.renewal(now).is_none());
            }
            assert!(quota.close().is_err());
            medium.crash(&mut |_| Fate::Whole);
            let quota = on(&medium);
            assert!((granted..=granted + 10).contains(&quota.used(NOW)));
            cases += 1;
        }
    }
    assert_eq!(cases, 180);
}

#[test]
fn a_charge_that_cannot_be_written_counts_and_ends_granting() {
    let medium = Medium::default();
    let mut quota = on(&medium);
    medium.plan(|_, call| (call == Call::Sync).then_some(Fault::FailedFlush(Vec::new())));
    quota.charge(NOW, 40);
    assert_eq!(quota.used(NOW), 40);
    assert!(quota.fault().is_some());
    medium.heal();
    assert_eq!(quota.check(NOW, 1), Err(Denied::TooLarge { max: 0 }));
}

#[test]
fn a_renewal_that_fails_ends_granting() {
    let medium = Medium::default();
    let mut quota = on(&medium);
    quota.grant(NOW, 6).expect("healthy");
    let renewal = quota.renewal(NOW).expect("less than half is left");
    assert!(quota.renewal(NOW).is_none(), "one at a time");
    medium.plan(|_, _| Some(Fault::Error(ErrorKind::Other, 0)));
    assert!(renewal.write().is_err());
    medium.heal();
    // Four were durable, and are not granted all the same.
    assert!(matches!(quota.grant(NOW, 1), Err(NotGranted::Store(_))));
}

#[test]
fn a_renewal_in_time_spares_the_wait() {
    let medium = Medium::default();
    let mut quota = on(&medium);
    quota.grant(NOW, 1).expect("healthy");
    for _ in 0..200 {
        medium.plan(|_, call| panic!("{call:?} amid a grant"));
        quota.grant(NOW, 4).expect("it is durable");
        medium.heal();
        if let Some(renewal) = quota.renewal(NOW) {
            renewal.write().expect("healthy");
        }
    }
}

#[test]
fn two_who_count_the_same_quota_grant_nothing_twice() {
    let store = Arc::new(HighWaterFile::on(Medium::default().handle()).expect("it opens"));
    let mut quotas = [(); 2].map(|()| open(store.clone(), 1_000).with_lease(10));
    let mut granted = 0;
    let mut fenced = 0;
    for turn in 0..1_500 {
        match quotas[turn % 2].grant(NOW, 1) {
            Ok(()) => granted += 1,
            Err(NotGranted::Store(err)) => {
                assert!(matches!(*err, StoreError::Overtaken), "{err}");
                fenced += 1;
            }
            Err(NotGranted::Denied(_)) => {}
        }
    }
    assert!(granted <= 1_000 && fenced > 0, "{granted} granted");
}

/// The flush of a mark failed; it is read from the cache and gone with the power.
#[test]
fn a_mark_that_was_only_read_covers_no_grant() {
    let medium = Medium::default();
    let mut quota = on(&medium);
    quota.grant(NOW, 10).expect("healthy");
    medium.plan(|_, call| (call == Call::Sync).then_some(Fault::FailedFlush(Vec::new())));
    assert!(quota.grant(NOW, 500).is_err());
    medium.heal();
    drop(quota);
    let mut quota = on(&medium);
    assert_eq!(quota.used(NOW), 510);
    quota.restore(NOW, 300);
    quota.grant(NOW, 200).expect("healthy");
    medium.crash(&mut |_| Fate::Lost);
    drop(quota);
    assert!(on(&medium).used(NOW) >= 410);
}

#[test]
fn a_renewal_that_comes_late_lowers_no_mark() {
    let store = Arc::new(HighWaterFile::on(Medium::default().handle()).expect("it opens"));
    let mut quota = open(store.clone(), 1_000).with_lease(10);
    quota.grant(NOW, 6).expect("healthy");
    let renewal = quota.renewal(NOW).expect("less than half is left");
    quota.grant(NOW, 500).expect("healthy");
    renewal.write().expect("healthy");
    let mark = store.load(&id()).expect("healthy").expect("it was written");
    assert!(mark.granted_up_to >= 506);
    // Nor does one that comes after the end.
    quota.grant(NOW, 8).expect("healthy");
    let renewal = quota.renewal(NOW).expect("less than half is left");
    quota.close().expect("healthy");
    renewal.write().expect("healthy");
    let mark = store.load(&id()).expect("healthy").expect("it was written");
    assert_eq!(mark.granted_up_to, 514);
}

#[test]
fn little_is_reserved_where_little_is_left() {
    let store = Arc::new(HighWaterFile::on(Medium::default().handle()).expect("it opens"));
    let mut quota = open(store.clone(), 1_000).with_lease(100);
    for (cost, reserved) in [
        (1, 62),
        (499, 500),
        (1, 531),
        (459, 960),
        (1, 962),
        (38, 999),
    ] {
        quota.grant(NOW, cost).expect("there is enough");
        let mark = store.load(&id()).expect("healthy").expect("it was written");
        assert_eq!(mark.granted_up_to, reserved, "after {cost}");
    }
}

#[test]
fn a_store_replaces_only_the_mark_that_was_expected() {
    let file = HighWaterFile::on(Medium::default().handle()).expect("it opens");
    let redb = RedbStore::on(redb::backends::InMemoryBackend::new(), 2).expect("it opens");
    let stores: [&dyn Store; 2] = [&file, &redb];
    for store in stores {
        let mark = |granted_up_to| Mark {
            rule: [0; 16],
            ends_at: NOW,
            granted_up_to,
        };
        store.persist(&id(), None, mark(1)).expect("healthy");
        store
            .persist(&id(), Some(mark(1)), mark(2))
            .expect("healthy");
        for before in [None, Some(mark(1)), Some(mark(3))] {
            let refused = store.persist(&id(), before, mark(9));
            assert!(matches!(refused, Err(StoreError::Overtaken)));
        }
        assert_eq!(store.load(&id()).expect("healthy"), Some(mark(2)));
    }
}

#[test]
fn what_cannot_be_promised_is_refused() {
    let store = Arc::new(HighWaterFile::on(Medium::default().handle()).expect("it opens"));
    let rolling = DurableQuota::open(store.clone(), id(), 5, Window::rolling(DAY));
    assert!(matches!(rolling, Err(OpenError::Rolling)));
    open(store.clone(), 5).grant(NOW, 1).expect("healthy");
    let other = DurableQuota::open(store, id(), 5, Window::fixed(2 * DAY));
    assert!(matches!(other, Err(OpenError::OtherWindow)));
}

#[test]
fn a_full_file_refuses_another_quota_and_serves_the_others() {
    let store = Arc::new(HighWaterFile::on(Medium::default().handle()).expect("it opens"));
    let quota = |name: &str, limit| {
        let id = QuotaId::new("team", name);
        DurableQuota::open(store.clone(), id, limit, Window::fixed(DAY)).expect("it opens")
    };
    let mut first = quota("0", 1_000);
    first.grant(NOW, 1).expect("healthy");
    for n in 1..1_024 {
        quota(&n.to_string(), 9)
            .grant(NOW, 1)
            .expect("there is room");
    }
    let mut another = quota("another", 9);
    assert!(another.grant(NOW, 1).is_err());
    let full = another.fault().expect("there is no room");
    assert!(matches!(*full, StoreError::Full));
    first.grant(NOW, 900).expect("there is enough");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn in_a_throttle_a_failed_store_is_an_error_at_once() {
    let medium = Medium::default();
    let limits = All((Gcra::new(Quota::per_second(5)), on(&medium)));
    let throttle = Throttle::new(limits);
    for _ in 0..12 {
        drop(throttle.acquire(1).await.expect("there is enough"));
    }
    medium.plan(|_, _| Some(Fault::Error(ErrorKind::Other, 0)));
    let mut granted = 0;
    let refused = loop {
        match throttle.acquire(1).await {
            Ok(_) => granted += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, AcquireError::TooLarge { max: 0 });
    assert!(granted <= 10, "{granted} granted after the disk failed");
    let fault = throttle.update(|All((_, quota)), _| quota.fault());
    assert!(fault.is_some());
}
