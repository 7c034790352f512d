//! Every interleaving of two threads on one limiter, as far as loom can tell; see `.ci/loom`.

#![cfg(loom)]

use std::time::Duration;

use loom::{sync::Arc, thread};
use paceline_core::{Quota, Timestamp};
use paceline_gcra::AtomicGcra;

const NOW: Timestamp = Timestamp::from_nanos(1_000);

fn limiter(burst: u64) -> Arc<AtomicGcra> {
    let quota = Quota::per_hour(1).with_burst(burst).expect("not zero");
    Arc::new(AtomicGcra::new(quota, NOW))
}

fn calls(gcra: &AtomicGcra, calls: u64) -> u64 {
    (0..calls)
        .map(|_| u64::from(gcra.try_acquire(NOW, 1).is_ok()))
        .sum()
}

/// Takes `use_up` of two leased cells, and gives the rest back.
fn lease(gcra: &AtomicGcra, use_up: u64) -> u64 {
    let Ok(mut lease) = gcra.lease(NOW, 2, Duration::ZERO) else {
        return 0;
    };
    (0..use_up)
        .map(|_| u64::from(lease.try_acquire(NOW, 1).is_ok()))
        .sum()
}

#[test]
fn two_threads_share_one_burst() {
    loom::model(|| {
        let gcra = limiter(3);
        let shared = Arc::clone(&gcra);
        let other = thread::spawn(move || calls(&shared, 2));
        let mine = calls(&gcra, 2);
        let theirs = other.join().expect("it does not panic");
        assert_eq!(mine + theirs, 3, "no cell is lost or admitted twice");
    });
}

#[test]
fn a_charge_is_never_lost() {
    loom::model(|| {
        let gcra = limiter(5);
        let shared = Arc::clone(&gcra);
        let other = thread::spawn(move || shared.charge(NOW, 2));
        gcra.charge(NOW, 1);
        other.join().expect("it does not panic");
        assert_eq!(gcra.available(NOW), 2);
    });
}

#[test]
fn giving_back_never_credits_too_much() {
    for use_up in 0..=2 {
        loom::model(move || {
            let gcra = limiter(3);
            let shared = Arc::clone(&gcra);
            let other = thread::spawn(move || lease(&shared, use_up));
            let mine = calls(&gcra, 2);
            let theirs = other.join().expect("it does not panic");
            let left = gcra.available(NOW);
            assert!(mine + theirs + left <= 3, "{mine} + {theirs} + {left}");
        });
    }
}

#[test]
fn two_leases_never_credit_too_much() {
    loom::model(|| {
        let gcra = limiter(4);
        let shared = Arc::clone(&gcra);
        let other = thread::spawn(move || lease(&shared, 1));
        let mine = lease(&gcra, 1);
        let theirs = other.join().expect("it does not panic");
        let left = gcra.available(NOW);
        assert!(mine + theirs + left <= 4, "{mine} + {theirs} + {left}");
    });
}
