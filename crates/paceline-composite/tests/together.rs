//! Limits held together refuse for nothing, and name the one that binds.

use std::time::Duration;

use paceline_composite::{All, ByDimension, SettleError, Settling};
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

const NOW: Timestamp = Timestamp::EPOCH;

fn gcra() -> Gcra {
    Gcra::new(Quota::per_day(1_000))
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
fn of_two_maxima_in_one_dimension_the_smaller_one_is_named() {
    let limit = |quota| Settling::new(Gcra::new(quota));
    let limits = ByDimension::new([
        (Dimension::Tokens, limit(Quota::per_minute(100))),
        (Dimension::OutputTokens, limit(Quota::per_minute(50))),
        (Dimension::Tokens, limit(Quota::per_day(80))),
    ]);
    let demand = Demand {
        output_tokens: 200,
        ..Demand::default()
    };
    let refused = limits.check(NOW, demand).expect_err("too large");
    assert_eq!((refused.index, refused.dimension), (2, Dimension::Tokens));
    assert_eq!(refused.denied, Denied::TooLarge { max: 80 });
}

#[test]
fn limits_by_dimension_can_be_spent_for_good_and_changed() {
    let mut limits = ByDimension::new([
        (Dimension::Requests, Settling::new(gcra())),
        (Dimension::Tokens, Settling::new(gcra())),
    ]);
    let demand = Demand {
        requests: 1,
        input_tokens: 600,
        output_tokens: 0,
    };
    assert_eq!(limits.try_acquire(NOW, demand), Ok(()));
    let refused = limits.try_acquire(NOW, demand).expect_err("400 are left");
    assert_eq!(refused.index, 1);
    assert_eq!(limits.available(NOW, Dimension::Requests), 999);
    assert_eq!(limits.available(NOW, Dimension::Tokens), 400);

    let tokens = limits.limit_mut(1).expect("there are two");
    tokens.update(|gcra| gcra.set_quota(NOW, Quota::per_day(300)));
    assert_eq!(limits.available(NOW, Dimension::Tokens), 300);
    assert!(limits.limit_mut(2).is_none());
    assert_eq!(limits.limits().len(), 2);
}

#[test]
fn every_limit_hears_of_a_settlement() {
    let minute = Duration::from_secs(60);
    let mut limits = ByDimension::new([
        (
            Dimension::Tokens,
            Settling::new(gcra()).with_lifetime(minute),
        ),
        (Dimension::Tokens, Settling::new(gcra())),
    ]);
    let demand = Demand {
        input_tokens: 400,
        ..Demand::default()
    };
    let receipts = limits.reserve(NOW, demand).expect("it conforms");
    let later = NOW.saturating_add(2 * minute);
    let settled = limits.cancel(later, receipts);
    assert_eq!(settled, Err(SettleError::Expired));
    let available = |index: usize| limits.limits()[index].1.available(later);
    // Two minutes replenish one cell of the estimate that stands.
    assert_eq!((available(0), available(1)), (601, 1_000));
}

#[test]
fn limits_of_others_refuse_receipts_and_change_nothing() {
    let limits = || ByDimension::new([(Dimension::Tokens, Settling::new(gcra()))]);
    let (mut own, mut other) = (limits(), limits());
    let demand = Demand {
        input_tokens: 400,
        ..Demand::default()
    };
    let receipts = own.reserve(NOW, demand).expect("it conforms");
    drop(other.reserve(NOW, demand));
    assert_eq!(other.cancel(NOW, receipts), Err(SettleError::Foreign));
    assert_eq!(other.available(NOW, Dimension::Tokens), 600);
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
