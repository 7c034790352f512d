//! Shared permits: given up to the limit, and given back exactly once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use paceline_concurrency::{Full, Permit, Permits};
use proptest::{collection::vec, prelude::*, sample::Index};

/// Enough for threads that run at once to meet; Miri lets them meet far more often.
const ROUNDS: u32 = if cfg!(miri) { 500 } else { 2_000_000 };
const CASES: u32 = if cfg!(miri) { 4 } else { 2_000 };

#[derive(Clone, Debug)]
enum Step {
    Acquire,
    Drop(Index),
    SetLimit(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Acquire),
        2 => any::<Index>().prop_map(Step::Drop),
        1 => (0..12_u32).prop_map(Step::SetLimit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn permits_in_use_are_those_that_are_held(mut limit in 0..12_u32, steps in vec(step(), 0..200)) {
        let permits = Permits::new(limit);
        let mut held = Vec::new();
        for step in steps {
            let before = permits.in_flight();
            match step {
                // Through a clone, which shares.
                Step::Acquire => match permits.clone().try_acquire() {
                    Ok(permit) => {
                        prop_assert!(before < limit);
                        held.push(permit);
                    }
                    Err(full) => {
                        prop_assert!(before >= limit);
                        prop_assert_eq!(full, Full { limit });
                    }
                },
                Step::Drop(which) if !held.is_empty() => {
                    drop(held.swap_remove(which.index(held.len())));
                }
                Step::Drop(_) => {}
                Step::SetLimit(next) => {
                    permits.set_limit(next);
                    limit = next;
                }
            }
            prop_assert_eq!(permits.in_flight() as usize, held.len());
            prop_assert_eq!(permits.limit(), limit);
            prop_assert_eq!(permits.available(), limit.saturating_sub(permits.in_flight()));
        }
        drop(held);
        prop_assert_eq!((permits.in_flight(), permits.limit()), (0, limit));
    }
}

#[test]
fn threads_never_hold_more_than_the_limit() {
    let (permits, holders, start) = (Permits::new(3), AtomicU32::new(0), Barrier::new(4));
    let work = || {
        start.wait();
        for _ in 0..ROUNDS {
            if let Ok(permit) = permits.try_acquire() {
                assert!(holders.fetch_add(1, SeqCst) < 3);
                holders.fetch_sub(1, SeqCst);
                drop(permit);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    assert_eq!((permits.in_flight(), permits.available()), (0, 3));
}

#[test]
fn a_limit_that_changes_under_way_loses_no_permit() {
    let (permits, start) = (Permits::new(2), Barrier::new(3));
    let rounds = || {
        start.wait();
        0..ROUNDS
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| rounds().for_each(|_| drop(permits.try_acquire())));
        }
        scope.spawn(|| rounds().for_each(|round| permits.set_limit(round % 3)));
    });
    assert_eq!(
        (permits.in_flight(), permits.limit()),
        (0, (ROUNDS - 1) % 3)
    );
}

#[test]
fn a_panic_gives_the_permit_back() {
    let permits = Permits::new(1);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _permit = permits.try_acquire();
        panic!("on purpose");
    }));
    assert!(outcome.is_err());
    assert_eq!(permits.available(), 1);
}

#[test]
fn a_permit_outlives_the_permits_and_its_thread() {
    fn can_go_anywhere<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let permits = can_go_anywhere(Permits::new(1));
    let watch = permits.clone();
    let permit: Permit = can_go_anywhere(permits.try_acquire().expect("one is free"));
    drop(permits);
    assert_eq!(watch.available(), 0);
    let thread = thread::spawn(move || drop(permit));
    assert!(thread.join().is_ok());
    assert_eq!(watch.available(), 1);
}

#[test]
fn the_largest_limit_is_a_limit() {
    let permits = Permits::new(u32::MAX);
    let permit = permits.try_acquire();
    assert_eq!((permits.limit(), permits.in_flight()), (u32::MAX, 1));
    drop(permit);
    assert_eq!(permits.available(), u32::MAX);
}
