//! Leases give up some of the burst and never admit too much.

use std::time::Duration;

use paceline_core::{Denied, Quota, Timestamp};
use paceline_gcra::{AtomicGcra, Lease, LeaseError};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseResult};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn after(wait: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(millis(wait))
}

/// A hundred a second, fifty at once: a cell lasts 10 ms.
fn limiter() -> AtomicGcra {
    let quota = Quota::per_second(100).with_burst(50).expect("not zero");
    AtomicGcra::new(quota, Timestamp::EPOCH)
}

#[test]
fn hands_out_what_it_was_granted_until_it_ends() {
    let gcra = limiter();
    let mut lease = gcra.lease(after(0), 20, millis(100)).expect("it is idle");
    assert_eq!((lease.left(), lease.ends_at()), (20, after(100)));
    assert_eq!(lease.try_acquire(after(0), 12), Ok(()));
    let too_few = Err(LeaseError::TooFew { left: 8 });
    assert_eq!(lease.try_acquire(after(100), 9), too_few);
    assert_eq!(lease.try_acquire(after(100), 7), Ok(()));
    let past = Timestamp::from_nanos(after(100).as_nanos() + 1);
    assert_eq!(lease.try_acquire(past, 1), Err(LeaseError::Expired));
    assert_eq!(lease.try_acquire(past, 0), Ok(()));
    assert_eq!(lease.left(), 1);
}

#[test]
fn costs_what_replenishes_in_its_lifetime() {
    let gcra = limiter();
    let _lease = gcra.lease(after(0), 20, millis(100)).expect("it is idle");
    // Ten cells replenish in 100 ms.
    assert_eq!(gcra.available(after(0)), 20);
    assert_eq!(gcra.available(after(100)), 30);
}

#[test]
fn one_that_no_idle_limiter_would_grant_is_too_large() {
    let gcra = limiter();
    let too_large = |max| Some(Denied::TooLarge { max });
    assert_eq!(gcra.lease(after(0), 41, millis(100)).err(), too_large(40));
    assert_eq!(gcra.lease(after(0), 51, millis(0)).err(), too_large(50));
    assert_eq!(gcra.lease(after(0), 1, millis(500)).err(), too_large(0));
    assert_eq!(gcra.available(after(0)), 50);
    let off = AtomicGcra::new(Quota::per_second(0), Timestamp::EPOCH);
    assert_eq!(off.lease(after(0), 1, millis(0)).err(), too_large(0));
}

#[test]
fn a_refusal_names_the_first_time_that_conforms() {
    let gcra = limiter();
    gcra.charge(after(0), 50);
    let denied = gcra.lease(after(0), 30, millis(100)).expect_err("spent");
    // The TAT is 500 ms; 30 cells leave room for it to be 200 ms ahead.
    assert_eq!(denied, Denied::Until(after(300)));
    let just_before = Timestamp::from_nanos(after(300).as_nanos() - 1);
    assert!(gcra.lease(just_before, 30, millis(100)).is_err());
    assert!(gcra.lease(after(300), 30, millis(100)).is_ok());
}

#[test]
fn what_is_not_handed_out_goes_back() {
    let gcra = limiter();
    gcra.charge(after(0), 5);
    drop(gcra.lease(after(0), 20, millis(100)));
    assert_eq!(gcra.available(after(0)), 45);

    let mut lease = gcra.lease(after(0), 20, millis(100)).expect("45 are there");
    lease.try_acquire(after(0), 3).expect("20 are left");
    drop(lease);
    assert_eq!(gcra.available(after(0)), 42);
}

#[test]
fn the_time_that_is_left_goes_back_too() {
    let gcra = limiter();
    let mut lease = gcra.lease(after(0), 20, millis(100)).expect("it is idle");
    lease.try_acquire(after(0), 20).expect("20 are left");
    drop(lease);
    assert_eq!(gcra.available(after(0)), 30);
}

/// Cells that went out late count from then on, or the window that starts there would hold more.
#[test]
fn what_goes_back_leaves_the_last_hand_out_where_it_was() {
    let gcra = limiter();
    let mut lease = gcra.lease(after(0), 30, millis(200)).expect("it is idle");
    lease.try_acquire(after(200), 10).expect("it has not ended");
    drop(lease);
    assert_eq!(gcra.available(after(200)), 40);
}

#[test]
fn nothing_goes_back_once_others_have_used_the_limiter() {
    let gcra = limiter();
    let lease = gcra.lease(after(0), 20, millis(100)).expect("it is idle");
    gcra.try_acquire(after(0), 1).expect("20 are left");
    drop(lease);
    assert_eq!(gcra.available(after(0)), 19);
}

#[test]
fn no_cells_and_no_limit_cost_nothing() {
    let gcra = limiter();
    let mut none = gcra.lease(after(0), 0, millis(100)).expect("nothing");
    assert_eq!(gcra.available(after(0)), 50);
    let too_few = Err(LeaseError::TooFew { left: 0 });
    assert_eq!(none.try_acquire(after(0), 1), too_few);

    let endless = AtomicGcra::new(Quota::UNLIMITED, Timestamp::EPOCH);
    let many = u64::MAX;
    let lease = endless.lease(after(0), many, Duration::from_secs(9));
    assert_eq!(
        lease.map(|mut lease| lease.try_acquire(after(0), many)),
        Ok(Ok(()))
    );
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Call(u64),
    Lease { cells: u64, lifetime: u64 },
    Take { lease: usize, cost: u64 },
    Drop { lease: usize },
}

/// Waits and lifetimes are in cells, times 4.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..12_u64).prop_map(Step::Wait),
        2 => (1..6_u64).prop_map(Step::Call),
        2 => (1..8_u64, 0..12_u64).prop_map(|(cells, lifetime)| Step::Lease { cells, lifetime }),
        4 => (0..3_usize, 1..4_u64).prop_map(|(lease, cost)| Step::Take { lease, cost }),
        2 => (0..3_usize).prop_map(|lease| Step::Drop { lease }),
    ];
    vec(step, 1..80)
}

fn stays_within_the_fluid_model(quota: Quota, steps: &[Step]) -> TestCaseResult {
    let gcra = AtomicGcra::new(quota, Timestamp::EPOCH);
    let quarter = quota.period_nanos() / quota.limit() / 4;
    let mut now = Timestamp::EPOCH;
    let mut leases: Vec<Lease<'_>> = Vec::new();
    let mut handed: Vec<(Timestamp, u64)> = Vec::new();
    for step in steps {
        let before = gcra.available(now);
        match *step {
            Step::Wait(quarters) => {
                now = now.saturating_add(Duration::from_nanos(quarters * quarter));
            }
            Step::Call(cost) if gcra.try_acquire(now, cost).is_ok() => handed.push((now, cost)),
            Step::Lease { cells, lifetime } if leases.len() < 3 => {
                let lifetime = Duration::from_nanos(lifetime * quarter);
                match gcra.lease(now, cells, lifetime) {
                    Ok(lease) => leases.push(lease),
                    Err(Denied::Until(at)) => {
                        prop_assert!(at > now);
                        let early = Timestamp::from_nanos(at.as_nanos() - 1);
                        prop_assert!(gcra.lease(early, cells, lifetime).is_err(), "late");
                        prop_assert!(gcra.lease(at, cells, lifetime).is_ok(), "early");
                    }
                    Err(Denied::TooLarge { max }) => prop_assert!(cells > max),
                }
            }
            Step::Take { lease, cost } => {
                let lease = leases.get_mut(lease);
                if lease.is_some_and(|lease| lease.try_acquire(now, cost).is_ok()) {
                    prop_assert_eq!(gcra.available(now), before, "taking touched what is shared");
                    handed.push((now, cost));
                }
            }
            Step::Drop { lease } if lease < leases.len() => {
                drop(leases.swap_remove(lease));
                prop_assert!(gcra.available(now) >= before, "giving back took cells");
            }
            _ => {}
        }
    }
    let (burst, limit) = (u128::from(quota.burst()), u128::from(quota.limit()));
    let period = u128::from(quota.period_nanos());
    for (index, first) in handed.iter().enumerate() {
        let mut held = 0;
        for last in &handed[index..] {
            held += u128::from(last.1);
            let span = last.0.saturating_duration_since(first.0).as_nanos();
            let most = burst * period + span * limit;
            prop_assert!(held * period <= most, "{held} from {first:?} to {last:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_stays_within_the_fluid_model(
        (limit, burst) in prop_oneof![Just((1, 10)), Just((7, 9)), Just((450_000_000, 12))],
        steps in steps(),
    ) {
        let quota = Quota::per_minute(limit).with_burst(burst).expect("not zero");
        stays_within_the_fluid_model(quota, &steps)?;
    }
}
