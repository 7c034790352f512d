//! A receipt is good once, for its own limiter, and not for ever.

use std::time::Duration;

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
    assert_eq!(strict.cancel(NOW, other), Ok(()));
    assert_eq!((exact.available(NOW), strict.available(NOW)), (500, 500));
}

#[test]
fn a_refusal_spends_nothing_and_names_the_limit_that_binds() {
    let limit = |quota| Settling::new(Gcra::new(quota));
    let mut limits = ByDimension::new([
        (Dimension::Requests, limit(Quota::per_minute(60))),
        (Dimension::InputTokens, limit(Quota::per_minute(8_000))),
        (Dimension::Tokens, limit(Quota::per_minute(6_000))),
        (Dimension::Requests, limit(Quota::per_day(2))),
    ]);
    let large = Demand {
        requests: 1,
        input_tokens: 5_000,
        output_tokens: 900,
    };
    let receipts = limits.reserve(NOW, large).expect("it conforms");

    // Input tokens ask for a wait of 15 s, tokens for one of 58 s.
    let refused = limits.reserve(NOW, large).expect_err("100 tokens are left");
    assert_eq!((refused.index, refused.dimension), (2, Dimension::Tokens));
    let seconds = |s| NOW.saturating_add(Duration::from_secs(s));
    assert_eq!(refused.denied, Denied::Until(seconds(58)));
    assert_eq!(
        refused.to_string(),
        format!("limit 2, on tokens: {}", refused.denied)
    );
    let later = limits.check(seconds(57), large);
    assert_eq!(later.expect_err("not yet").denied, refused.denied);
    assert!(limits.check(seconds(58), large).is_ok());
    assert_eq!(limits.available(NOW, Dimension::Requests), 1);
    assert_eq!(limits.available(NOW, Dimension::OutputTokens), u64::MAX);

    let small = Demand {
        input_tokens: 100,
        output_tokens: 0,
        ..large
    };
    assert_eq!(limits.settle(NOW, receipts, small), Ok(()));
    assert!(limits.reserve(NOW, large).is_ok());
    // The day is used up, and binds from here on.
    let refused = limits.check(NOW, small).expect_err("two a day");
    assert_eq!((refused.index, refused.dimension), (3, Dimension::Requests));
}

#[test]
fn a_demand_that_never_fits_is_refused_for_good() {
    let limit = |quota| Settling::new(Gcra::new(quota));
    let mut limits = ByDimension::new([
        (Dimension::Requests, limit(Quota::per_minute(1))),
        (Dimension::Tokens, limit(Quota::per_minute(100))),
        (Dimension::OutputTokens, limit(Quota::per_minute(50))),
    ]);
    let too_large = Demand {
        requests: 1,
        input_tokens: 0,
        output_tokens: 200,
    };
    for _ in 0..2 {
        let refused = limits.check(NOW, too_large).expect_err("too large");
        assert_eq!(refused.denied, Denied::TooLarge { max: 100 });
        assert_eq!(refused.index, 1);
        let small = Demand {
            output_tokens: 20,
            ..too_large
        };
        // Once it has to wait for requests as well, it is still too large.
        drop(limits.charge_estimate(NOW, small));
    }
}

#[test]
fn all_names_the_member_that_binds() {
    let mut limits = All((
        Gcra::new(Quota::per_second(10)),
        Gcra::new(Quota::per_minute(12)),
        Gcra::new(Quota::per_day(1_000)),
    ));
    limits.charge(NOW, 10);
    let index = |limits: &All<_>, cost| limits.binding(NOW, cost).map_err(|binding| binding.index);
    assert_eq!(index(&limits, 1), Err(0));
    assert_eq!(index(&limits, 10), Err(1));
    // The stricter of two maxima.
    assert_eq!(index(&limits, 11), Err(0));
    assert_eq!(index(&limits, 13), Err(0));
    let denied = limits.check(NOW, 13);
    assert_eq!(denied, Err(Denied::TooLarge { max: 10 }));
}
