//! The shared store decides as the plain one does, for all threads together.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use foldhash::quality::FixedState;
use paceline_core::{Quota, Timestamp};
use paceline_gcra::WordGcra;
use paceline_keyed::{Refused, SharedKeyed};

const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

#[test]
fn threads_share_each_keys_burst() {
    let quota = Quota::per_hour(50);
    let store: SharedKeyed<u64> = SharedKeyed::new(quota, 10_000, NOW);
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for call in 0..20_000 {
                    if store.try_acquire(NOW, &(call % 100), 1).is_ok() {
                        admitted.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 100 * 50);
    assert_eq!(store.len(), 100);
}

#[test]
fn a_hundred_threads_share_five_cells() {
    let quota = Quota::per_hour(5);
    paceline_laws::threads_share_exactly(
        5,
        || SharedKeyed::<u64>::new(quota, 10, NOW),
        |store| store.try_acquire(NOW, &7, 1).is_ok(),
    );
}

#[test]
fn every_key_has_its_own_limit() {
    let quota = Quota::per_minute(60).with_burst(5).expect("not zero");
    let store: SharedKeyed<String> = SharedKeyed::new(quota, 5_000, NOW);
    let gcra = WordGcra::new(quota, NOW);
    for key in 0..1_000_u64 {
        let (name, cost) = (key.to_string(), key % 6);
        let expected = gcra.decide(WordGcra::FRESH, NOW, cost);
        assert_eq!(store.check(NOW, name.as_str(), cost), expected.map(drop));
        assert_eq!(store.try_acquire(NOW, name.as_str(), cost), Ok(()));
        assert_eq!(store.available(NOW, name.as_str()), 5 - cost);
    }
    let generous = Quota::per_minute(60).with_burst(8).expect("not zero");
    assert!(store.try_acquire(NOW, "5", 1).is_err());
    assert_eq!(store.try_acquire_with(NOW, "5", 3, generous), Ok(()));
}

#[test]
fn there_is_room_for_all_that_was_asked_for_and_little_more() {
    for capacity in [0, 1, 255, 256, 1_000, 10_007, 100_000] {
        let quota = Quota::per_hour(1);
        let hasher = FixedState::with_seed(5);
        let store = SharedKeyed::with_hasher(quota, capacity, NOW, hasher);
        assert!(store.is_empty());
        for key in 0..capacity {
            assert_eq!(store.try_acquire(NOW, &key, 1), Ok(()), "of {capacity}");
        }
        let most = store.capacity();
        assert!(
            (capacity..=capacity + capacity / 4).contains(&most),
            "{most}"
        );
        // So many that every shard is full.
        let more = (capacity..5 * capacity + 100).map(|key| store.try_acquire(NOW, &key, 1));
        let refused = more.filter(|it| matches!(it, Err(Refused::Full { .. })));
        assert_eq!(refused.count(), 5 * capacity + 100 - most);
        assert_eq!(store.len(), most);
    }
}

#[test]
fn keys_that_are_fresh_make_room() {
    let store: SharedKeyed<u64> = SharedKeyed::new(Quota::per_second(1), 2_000, NOW);
    for key in 0..1_900 {
        // A shard may be full before all are.
        let _ = store.try_acquire(NOW, &key, 1);
    }
    let later = NOW.saturating_add(Duration::from_secs(1));
    let admitted = (5_000..6_500).filter(|key| store.try_acquire(later, key, 1).is_ok());
    assert_eq!(admitted.count(), 1_500);
}
