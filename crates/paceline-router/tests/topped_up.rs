//! Bought cells come on top of a limiter, last as long as they are not used, and obey its laws.

use paceline_composite::{Settle, Settling};
use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_laws::regimes;
use paceline_router::ToppedUp;
use proptest::{collection::vec, prelude::*};

fn topped_up(quota: Quota, cells: u64) -> ToppedUp<Gcra> {
    let mut limiter = ToppedUp::new(Gcra::new(quota));
    limiter.top_up(cells);
    limiter
}

#[test]
fn obeys_the_laws() {
    for (quota, schedule) in regimes() {
        for credit in [0, 1, 20] {
            paceline_laws::obeys(schedule, || topped_up(quota, credit));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Bought cells are spent last and once: what was admitted beyond the limiter is what they lost.
    #[test]
    fn what_is_bought_is_spent_last_and_once(
        credit in 0..30_u64, steps in vec((0..400_000_000_u64, 0..8_u64), 1..60),
    ) {
        let quota = Quota::per_second(5);
        let mut limiter = topped_up(quota, credit);
        let (mut plain, mut left, mut now) = (Gcra::new(quota), credit, Timestamp::EPOCH);
        for (wait, cost) in steps {
            now = Timestamp::from_nanos(now.as_nanos() + wait);
            prop_assert_eq!(limiter.available(now), plain.available(now) + left);
            if limiter.try_acquire(now, cost).is_ok() {
                let own = cost.min(plain.available(now));
                plain.charge(now, own);
                left -= cost - own;
            }
            prop_assert_eq!(limiter.credit(), left);
            prop_assert_eq!(limiter.limiter().available(now), plain.available(now));
        }
    }
}

#[test]
fn a_disabled_limit_serves_what_was_bought() {
    let now = Timestamp::EPOCH;
    let mut limiter = topped_up(Quota::per_day(0), 2);
    assert_eq!(limiter.check(now, 3), Err(Denied::TooLarge { max: 2 }));
    assert_eq!(limiter.try_acquire(now, 2), Ok(()));
    assert_eq!(limiter.check(now, 1), Err(Denied::TooLarge { max: 0 }));
    limiter.top_up(u64::MAX);
    limiter.top_up(1);
    assert_eq!(limiter.available(now), u64::MAX);
}

#[test]
fn what_exceeds_both_is_a_debt_of_the_limiter() {
    let now = Timestamp::EPOCH;
    let mut limiter = topped_up(Quota::per_second(1), 2);
    limiter.charge(now, 6);
    assert_eq!(limiter.credit(), 0);
    let pays_off = Timestamp::from_nanos(4_000_000_000);
    assert_eq!(limiter.check(now, 1), Err(Denied::Until(pays_off)));
    // What is bought now is there at once, whatever the debt.
    limiter.top_up(1);
    assert_eq!(limiter.check(now, 1), Ok(()));
    limiter.limiter_mut().charge(now, 1);
    assert_eq!(limiter.available(now), 1);
}

#[test]
fn settling_gives_back_what_was_bought() {
    let now = Timestamp::EPOCH;
    let mut limiter = Settling::new(topped_up(Quota::per_day(50), 0));
    limiter.update(|limiter| limiter.top_up(100));
    let receipt = limiter.reserve(now, 120).expect("there are 150");
    assert_eq!(limiter.limiter().credit(), 30);
    limiter.settle(now, receipt, 60).expect("its first time");
    assert_eq!(limiter.limiter().credit(), 90);
}
