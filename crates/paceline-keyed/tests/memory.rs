//! Memory is allocated once, and no flood of keys makes it grow.

use std::{alloc::System, time::Duration};

use paceline_core::{Quota, Timestamp};
use paceline_keyed::{Keyed, Refused};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test, because the counters are those of the process.
#[test]
fn a_flood_of_new_keys_neither_grows_the_store_nor_resets_a_limit() {
    let capacity = 1_000_000;
    let quota = Quota::per_second(10);
    let start = Timestamp::EPOCH;

    let region = Region::new(ALLOCATOR);
    let mut store: Keyed<u64> = Keyed::new(quota, capacity, start);
    let bytes = region.change().bytes_allocated;
    assert!(bytes <= 36 * capacity, "{bytes} bytes");

    let victims = 0..100_u64;
    for key in victims.clone() {
        store.try_acquire(start, &key, 10).expect("there is room");
    }

    // Three million strangers within half a second, at the end of which the victims have half back.
    let region = Region::new(ALLOCATOR);
    let (mut full, mut now) = (0_u64, start);
    for stranger in 1_000..3_001_000_u64 {
        now = start.saturating_add(Duration::from_nanos(stranger * 160));
        match store.try_acquire(now, &stranger, 10) {
            Ok(()) => {}
            Err(Refused::Full { .. }) => full += 1,
            Err(Refused::Denied(denied)) => panic!("{stranger} is new: {denied}"),
        }
    }
    assert_eq!(region.change().allocations, 0, "it allocated");
    assert_eq!(store.len(), capacity);
    assert_eq!(
        full, 2_000_100,
        "room for a million, the victims among them"
    );
    for key in victims {
        assert_eq!(store.available(now, &key), 4, "key {key}");
    }
}
