//! A receipt is good once, for its own limiter, and not for ever.

use std::{cell::Cell, rc::Rc, time::Duration};

use paceline_composite::{
    All, ByDimension, OptimisticSettling, Receipt, Settle, SettleError, Settling, StrictSettling,
};
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

const NOW: Timestamp = Timestamp::EPOCH;
const LIFETIME: Duration = Duration::from_secs(600);

fn gcra() -> Gcra {
    Gcra::new(Quota::per_day(1_000))
}

fn every_policy() -> [Box<dyn Settle>; 3] {
    [
        Box::new(Settling::new(gcra())),
        Box::new(StrictSettling::new(gcra())),
        Box::new(OptimisticSettling::new(gcra())),
    ]
}

fn reserve(limiter: &mut dyn Settle, estimate: u64) -> Receipt {
    limiter.reserve(NOW, estimate).expect("it conforms")
}

#[test]
fn another_limiter_refuses_a_receipt() {
    for (mut own, mut other) in every_policy().into_iter().zip(every_policy()) {
        // The other one has an open receipt with the same serial.
        let (receipt, _kept) = (reserve(&mut own, 400), reserve(&mut other, 400));
        assert_eq!(other.settle(NOW, receipt, 0), Err(SettleError::Foreign));
        assert_eq!(other.available(NOW), 600);
        assert_eq!(own.available(NOW), 600);
    }
}

#[test]
fn a_clone_refuses_receipts_of_the_original() {
    let mut tokens = Settling::new(gcra());
    let receipt = reserve(&mut tokens, 400);
    let mut clone = tokens.clone();
    assert_eq!(clone.cancel(NOW, receipt), Err(SettleError::Foreign));

    let mut strict = StrictSettling::new(gcra());
    let receipt = reserve(&mut strict, 400);
    let mut clone = strict.clone();
    assert_eq!(clone.cancel(NOW, receipt), Err(SettleError::Foreign));

    let mut limits = ByDimension::new([(Dimension::Requests, Settling::new(gcra()))]);
    let one = Demand {
        requests: 1,
        ..Demand::default()
    };
    let receipts = limits.reserve(NOW, one).expect("it conforms");
    let mut clone = limits.clone();
    assert_eq!(clone.cancel(NOW, receipts), Err(SettleError::Foreign));
    assert_eq!(clone.available(NOW, Dimension::Requests), 999);
}

#[test]
fn a_receipt_expires_and_its_estimate_stands() {
    for mut limiter in every_policy() {
        let kept = reserve(&mut limiter, 100);
        let late = reserve(&mut limiter, 400);
        let last = NOW.saturating_add(LIFETIME);
        assert_eq!(limiter.cancel(last, kept), Ok(()));
        let after = last.saturating_add(Duration::from_nanos(1));
        let available = limiter.available(after);
        assert_eq!(limiter.cancel(after, late), Err(SettleError::Expired));
        assert_eq!(limiter.available(after), available);
    }
}

#[test]
fn a_lifetime_can_be_stated() {
    let minute = Duration::from_secs(60);
    let policies: [Box<dyn Settle>; 3] = [
        Box::new(Settling::new(gcra()).with_lifetime(minute)),
        Box::new(StrictSettling::new(gcra()).with_lifetime(minute)),
        Box::new(OptimisticSettling::new(gcra()).with_lifetime(minute)),
    ];
    for mut limiter in policies {
        let receipt = reserve(&mut limiter, 400);
        let after = NOW.saturating_add(minute + Duration::from_nanos(1));
        assert_eq!(limiter.cancel(after, receipt), Err(SettleError::Expired));
    }
}

#[test]
fn more_than_was_estimated_is_charged_however_late() {
    for mut limiter in every_policy() {
        let (early, late) = (reserve(&mut limiter, 100), reserve(&mut limiter, 100));
        assert_eq!(limiter.settle(NOW, early, 150), Ok(()));
        assert_eq!(limiter.available(NOW), 750);
        // 20 minutes replenish 13.9 cells.
        let at = NOW.saturating_add(2 * LIFETIME);
        assert_eq!(limiter.settle(at, late, 160), Err(SettleError::Expired));
        assert_eq!(limiter.available(at), 703);
    }
}

#[test]
fn a_dropped_receipt_lets_the_estimate_stand() {
    for mut limiter in every_policy() {
        drop(reserve(&mut limiter, 400));
        assert_eq!(limiter.available(NOW), 600);
    }
}

#[test]
fn the_oldest_estimate_stands_when_too_many_are_open() {
    let quota = Quota::per_day(1_000_000);
    let mut tokens = Settling::new(Gcra::new(quota));
    let open: Vec<Receipt> = (0..=Settling::<Gcra>::MAX_OPEN)
        .map(|_| tokens.reserve(NOW, 10).expect("it conforms"))
        .collect();
    let mut settled = open
        .into_iter()
        .map(|receipt| tokens.settle(NOW, receipt, 0));
    assert_eq!(settled.next(), Some(Err(SettleError::Expired)));
    assert!(settled.all(|settled| settled.is_ok()));
    assert_eq!(tokens.available(NOW), 1_000_000 - 10);
}

#[test]
fn a_change_of_quota_lets_open_estimates_stand() {
    let mut exact = Settling::new(gcra());
    let mut strict = StrictSettling::new(gcra());
    let (one, other) = (reserve(&mut exact, 400), reserve(&mut strict, 400));
    let halve = |gcra: &mut Gcra| gcra.set_quota(NOW, Quota::per_day(500));
    exact.update(halve);
    strict.update(halve);
    assert_eq!(exact.limiter().quota(), strict.limiter().quota());
    assert_eq!(exact.cancel(NOW, one), Err(SettleError::Expired));
    assert_eq!(strict.cancel(NOW, other), Err(SettleError::Expired));
    assert_eq!((exact.available(NOW), strict.available(NOW)), (500, 500));
}

/// What a caller moves between threads and keeps in its own types.
#[test]
fn everything_can_be_sent_and_shown() {
    fn sendable<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let mut limits = ByDimension::new([(Dimension::Requests, StrictSettling::new(gcra()))]);
    sendable(&limits.charge_estimate(NOW, Demand::default()));
    sendable(&limits);
    sendable(&All((
        Settling::new(gcra()),
        OptimisticSettling::new(gcra()),
    )));
    sendable(&SettleError::Foreign);
    let limit: Box<dyn Settle + Send> = Box::new(Settling::new(gcra()));
    let mut boxed = ByDimension::new([(Dimension::Requests, limit)]);
    assert_eq!(boxed.try_acquire(NOW, Demand::default()), Ok(()));
}

#[test]
fn charges_that_nothing_open_precedes_are_not_kept() {
    let mut tokens = Settling::new(gcra());
    let receipt = reserve(&mut tokens, 400);
    for _ in 0..Settling::<Gcra>::MAX_OPEN {
        tokens.charge(NOW, 0);
    }
    // The oldest one made room.
    assert_eq!(tokens.cancel(NOW, receipt), Err(SettleError::Expired));
    for _ in 0..2 * Settling::<Gcra>::MAX_OPEN {
        tokens.charge(NOW, 0);
    }
    let receipt = reserve(&mut tokens, 400);
    assert_eq!(tokens.cancel(NOW, receipt), Ok(()));
    assert_eq!(tokens.available(NOW), 600);
}

/// A limiter that counts its charges, and its copies' too.
#[derive(Clone)]
struct Counted(Gcra, Rc<Cell<usize>>);

impl Limiter for Counted {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.0.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.1.set(self.1.get() + 1);
        self.0.charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.0.available(now)
    }
}

#[test]
fn only_what_an_open_estimate_precedes_is_replayed() {
    let charges = Rc::new(Cell::new(0));
    let mut tokens = Settling::new(Counted(gcra(), Rc::clone(&charges)));
    drop(tokens.charge_estimate(NOW, 1));
    for _ in 0..100 {
        let receipt = tokens.charge_estimate(NOW, 9);
        assert_eq!(tokens.settle(NOW, receipt, 1), Ok(()));
    }
    // The first estimate is open: everything after it was replayed each time.
    assert!(charges.get() > 5_000);

    let later = NOW.saturating_add(LIFETIME + Duration::from_nanos(1));
    // This one forgets them all.
    tokens.charge(later, 0);
    for _ in 0..9 {
        charges.set(0);
        let receipt = tokens.charge_estimate(later, 9);
        assert_eq!(tokens.settle(later, receipt, 1), Ok(()));
        assert!(charges.get() <= 3, "{} charges", charges.get());
    }
}

/// What each policy makes of a surplus that has partly replenished of itself.
#[test]
fn only_the_optimist_gives_back_what_has_replenished() {
    let at = |s| NOW.saturating_add(Duration::from_secs(s));
    let gcra = || Gcra::new(Quota::per_minute(600));
    let policies: [(u64, Box<dyn Settle>); 3] = [
        (110, Box::new(Settling::new(gcra()))),
        (109, Box::new(StrictSettling::new(gcra()))),
        (310, Box::new(OptimisticSettling::new(gcra()))),
    ];
    for (expected, mut tokens) in policies {
        // At 30 s, 300 of the 400 have replenished, and 100 are missing.
        let receipt = reserve(&mut *tokens, 400);
        assert_eq!(tokens.try_acquire(at(30), 500), Ok(()));
        assert_eq!(tokens.settle(at(31), receipt, 100), Ok(()));
        assert_eq!(tokens.available(at(31)), expected);
    }
}
