//! Who is let in when there is no room, and who is forgotten to make some.

use std::{
    cell::Cell,
    hash::{Hash, Hasher},
    panic::{self, AssertUnwindSafe},
    rc::Rc,
    time::Duration,
};

use foldhash::quality::FixedState;
use paceline_core::{Denied, Quota, Timestamp};
use paceline_keyed::{Keyed, Refused};

fn after(millis: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_millis(millis))
}

/// One a second, two at once, and each key in the same slot in every run.
fn store(capacity: usize) -> Keyed<u64, FixedState> {
    let quota = Quota::per_second(1).with_burst(2).expect("not zero");
    Keyed::with_hasher(quota, capacity, Timestamp::EPOCH, FixedState::with_seed(3))
}

#[test]
fn a_full_store_refuses_newcomers_and_serves_the_others() {
    let mut store = store(100);
    for key in 0..100 {
        assert_eq!(store.try_acquire(after(0), &key, 1), Ok(()));
    }
    let refused = store.try_acquire(after(500), &100, 1);
    assert_eq!(
        refused,
        Err(Refused::Full {
            retry_at: Some(after(1_000))
        })
    );
    assert_eq!(store.try_acquire(after(500), &7, 1), Ok(()));
    assert_eq!(
        store.try_acquire(after(500), &7, 1),
        Err(Refused::Denied(Denied::Until(after(1_000))))
    );
    assert_eq!(store.len(), 100);
    // What costs nothing needs no room.
    assert_eq!(store.try_acquire(after(500), &100, 0), Ok(()));
}

#[test]
fn a_refusal_for_want_of_room_names_the_first_slot_that_is_freed() {
    let mut store = store(4);
    for key in 0..4 {
        assert_eq!(store.try_acquire(after(100 * key), &key, 1), Ok(()));
    }
    // Its seven slots are all looked at.
    let refused = store.try_acquire(after(400), &4, 1);
    let retry_at = Some(after(1_000));
    assert_eq!(refused, Err(Refused::Full { retry_at }));
    assert_eq!(refused.map_err(Refused::retry_at), Err(retry_at));
}

#[test]
fn newcomers_replace_whoever_is_fresh_without_a_sweep() {
    let mut store = store(1_000);
    for key in 0..1_000 {
        assert_eq!(store.try_acquire(after(0), &key, 1), Ok(()));
    }
    for key in 1_000..2_000 {
        assert_eq!(store.try_acquire(after(1_000), &key, 1), Ok(()));
    }
    // The newcomers alone: each looked at more slots than it took.
    assert!(store.len() <= 1_000);
    for key in 1_000..2_000 {
        assert_eq!(store.available(after(1_000), &key), 1, "key {key}");
    }
}

#[test]
fn one_fresh_key_among_many_is_found_within_one_round() {
    let mut store = store(1_000);
    for key in 0..1_000 {
        let cost = if key == 500 { 1 } else { 2 };
        assert_eq!(store.try_acquire(after(0), &key, cost), Ok(()));
    }
    let round = 1_501_usize.div_ceil(8);
    let tries = (1..=2 * round).find(|_| store.try_acquire(after(1_500), &5_000, 1).is_ok());
    assert!(tries.is_some_and(|tries| tries <= round), "{tries:?} tries");
    assert_eq!(
        store.available(after(1_500), &501),
        1,
        "it was not forgotten"
    );
}

/// Fresh by a clock that is ahead is not fresh by one that lags.
#[test]
fn forgetting_by_a_later_clock_gives_nothing_to_a_lagging_one() {
    let mut store = store(1);
    assert_eq!(store.try_acquire(after(0), &1, 2), Ok(()));
    assert_eq!(store.available(after(1_000), &1), 1);
    // Key 1 is fresh at 2 s, and makes room for key 2.
    let tries = (0..9).find(|_| store.try_acquire(after(2_000), &2, 1).is_ok());
    assert!(tries.is_some());
    assert_eq!(store.len(), 1);
    assert_eq!(store.available(after(1_000), &1), 1);
    assert_eq!(store.available(after(2_000), &1), 2);
    // The same for a key that never was: strict, and over as soon as the lag is.
    assert_eq!(store.available(after(1_000), &3), 1);
    // What costs nothing still needs no room.
    assert_eq!(store.try_acquire(after(2_000), &3, 0), Ok(()));
}

/// A key that panics when it is hashed, if it is told to.
#[derive(Clone, Eq, PartialEq)]
struct Fuse(u64, Rc<Cell<u64>>);

impl Hash for Fuse {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.1.set(self.1.get().wrapping_sub(1));
        assert!(self.1.get() > 0, "the fuse has blown");
        state.write_u64(self.0);
    }
}

#[test]
fn keys_that_panic_while_others_are_forgotten_reset_nobody() {
    for blows_after in 1..40 {
        let fuse = Rc::new(Cell::new(0));
        let key = |number| Fuse(number, Rc::clone(&fuse));
        let hasher = FixedState::with_seed(4);
        let quota = Quota::per_second(1).with_burst(2).expect("not zero");
        let mut store = Keyed::with_hasher(quota, 64, Timestamp::EPOCH, hasher);
        for number in 0..64 {
            // Every other one is fresh soon.
            let admitted = store.try_acquire(after(0), &key(number), number % 2 + 1);
            assert_eq!(admitted, Ok(()));
        }
        fuse.set(blows_after);
        for number in 64..70 {
            let newcomer = key(number);
            let call = || store.try_acquire(after(1_000), &newcomer, 2);
            // Whatever it says; the next ones hash in peace, as the fuse wraps around.
            let _ = panic::catch_unwind(AssertUnwindSafe(call));
            if fuse.get() > blows_after {
                fuse.set(blows_after);
            }
        }
        fuse.set(0);
        for number in (1..64).step_by(2) {
            let left = store.available(after(1_000), &key(number));
            assert_eq!(left, 1, "key {number} after {blows_after} hashes");
        }
    }
}

#[test]
fn what_is_refused_or_costs_nothing_is_not_held() {
    let mut store = store(10);
    let too_large = Err(Refused::Denied(Denied::TooLarge { max: 2 }));
    assert_eq!(store.try_acquire(after(0), &1, 3), too_large);
    assert_eq!(store.try_acquire(after(0), &1, 0), Ok(()));
    let off = Quota::per_second(0);
    assert!(store.try_acquire_with(after(0), &1, 1, off).is_err());
    let endless = store.try_acquire_with(after(0), &1, u64::MAX, Quota::UNLIMITED);
    assert_eq!(endless, Ok(()));
    assert!(store.is_empty());
}

#[test]
fn without_room_for_anybody_nobody_is_admitted() {
    let mut store = store(0);
    let full = Err(Refused::Full { retry_at: None });
    assert_eq!(store.try_acquire(after(0), &1, 1), full);
    assert_eq!(store.try_acquire(after(0), &1, 0), Ok(()));
}
