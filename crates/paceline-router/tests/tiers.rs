//! A tier is reached when spending reaches its threshold, and no sooner.

use paceline_core::{Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_router::{Tier, TierError, TierLadder, Upgrade};
use proptest::{collection::vec, prelude::*};

fn tier(name: &str, from_micros: u64, per_minute: u64) -> Tier {
    Tier {
        name: name.into(),
        from_micros,
        limits: vec![(Dimension::Requests, Quota::per_minute(per_minute))],
    }
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the steps in which it is spent, the tier is the highest whose threshold is covered,
    /// and each change is told once, when it happens.
    #[test]
    fn the_tier_depends_on_what_was_spent_alone(
        rises in vec(1..50_u64, 0..6), payments in vec(0..60_u64, 0..20),
    ) {
        let mut thresholds = vec![0];
        for rise in rises {
            thresholds.push(thresholds[thresholds.len() - 1] + rise);
        }
        let tiers = thresholds.iter().map(|&from| tier(&from.to_string(), from, from));
        let mut ladder = TierLadder::new(tiers.collect()).expect("rising from zero");
        let mut spent = 0;
        for (index, micros) in (0..).zip(payments) {
            let before = ladder.tier().clone();
            spent += micros;
            let told = ladder.spend(at(index), micros).map(|Upgrade { at, tier }| (at, tier.clone()));
            let reached = thresholds.iter().rfind(|&&from| from <= spent).expect("zero");
            prop_assert_eq!(ladder.tier().from_micros, *reached);
            prop_assert_eq!(ladder.spent_micros(), spent);
            let changed = *reached != before.from_micros;
            prop_assert_eq!(told, changed.then(|| (at(index), ladder.tier().clone())));
            let next = thresholds.iter().find(|&&from| from > spent);
            prop_assert_eq!(ladder.missing_micros(), next.map(|from| from - spent));
        }
    }
}

#[test]
fn a_lift_is_for_good_and_never_down() {
    let tiers = vec![tier("1", 0, 60), tier("2", 50, 500), tier("3", 100, 5_000)];
    let mut ladder = TierLadder::new(tiers).expect("rising from zero");
    let lifted = ladder.lift(at(5), 1).expect("above the first");
    assert_eq!((lifted.at, lifted.tier.name.as_str()), (at(5), "2"));
    assert_eq!(ladder.lift(at(6), 0), None);
    assert_eq!(ladder.lift(at(6), 1), None);
    // Spending that reaches less changes nothing.
    assert_eq!(ladder.spend(at(7), 60), None);
    assert_eq!(ladder.missing_micros(), Some(40));
    assert_eq!(ladder.spend(at(8), u64::MAX).map(|up| up.at), Some(at(8)));
    assert_eq!(ladder.spend(at(9), u64::MAX), None);
    assert_eq!(ladder.lift(at(9), usize::MAX), None);
    assert_eq!(
        (ladder.spent_micros(), ladder.missing_micros()),
        (u64::MAX, None)
    );
}

/// The limits in force stay as they are until the threshold is crossed, and then are the new ones.
#[test]
fn an_upgrade_carries_the_quotas_to_set() {
    let tiers = vec![tier("free", 0, 3), tier("paid", 5_000_000, 500)];
    let mut ladder = TierLadder::new(tiers).expect("rising from zero");
    let [(_, quota)] = ladder.tier().limits[..] else {
        panic!("one limit")
    };
    let mut limiter = Gcra::new(quota);
    assert_eq!(ladder.spend(at(0), 4_999_999), None);
    limiter.charge(at(0), 3);
    assert_eq!(limiter.available(at(0)), 0);
    let upgrade = ladder.spend(at(1), 1).expect("five dollars");
    let [(_, quota)] = upgrade.tier.limits[..] else {
        panic!("one limit")
    };
    limiter.set_quota(upgrade.at, quota);
    assert_eq!(limiter.check(at(60_000_000_000), 499), Ok(()));
}

#[test]
fn a_ladder_begins_at_zero_and_rises() {
    let error = |tiers| {
        TierLadder::new(tiers)
            .map(|_| ())
            .expect_err("not a ladder")
    };
    assert_eq!(error(vec![]), TierError::NothingAtZero);
    assert_eq!(error(vec![tier("1", 1, 1)]), TierError::NothingAtZero);
    let level = vec![tier("1", 0, 1), tier("2", 5, 2), tier("3", 5, 3)];
    assert_eq!(error(level), TierError::NotRising);
}
