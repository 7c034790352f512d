//! What every policy and the counter promise, as property tests.

use std::time::Duration;

use paceline_concurrency::{Aimd, Concurrency, Fixed, Full, Gradient2, Limit, Outcome, Sample};
use paceline_core::Timestamp;
use proptest::{bool::weighted, collection::vec, prelude::*, sample::Index};

/// Every policy, between 1 and 30 calls in flight where it adapts.
fn policies() -> Vec<Box<dyn Limit>> {
    let aimd = Aimd::netflix().with_limits(5, 1..=30).expect("in range");
    let gradient = Gradient2::netflix().with_limits(5, 1..=30);
    vec![
        Box::new(Fixed::new(0)),
        Box::new(Fixed::new(7)),
        Box::new(aimd),
        Box::new(gradient.expect("in range")),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Success),
        1 => Just(Outcome::Dropped),
        1 => Just(Outcome::Ignored),
    ]
}

/// A call that starts, or one of those in flight that finishes after some milliseconds.
#[derive(Clone, Debug)]
enum Step {
    Start,
    Finish(Index, u64, Outcome),
}

fn step() -> impl Strategy<Value = Step> {
    let finish = (any::<Index>(), 0..3_000_u64, outcome());
    prop_oneof![
        3 => Just(Step::Start),
        2 => finish.prop_map(|(which, millis, outcome)| Step::Finish(which, millis, outcome)),
    ]
}

/// Notes what it was told.
#[derive(Default)]
struct Witness(Vec<Sample>);

impl Limit for Witness {
    fn limit(&self) -> u32 {
        8
    }

    fn observe(&mut self, sample: Sample) {
        self.0.push(sample);
    }
}

fn sample(in_flight: u32, nanos: u64, dropped: bool) -> Sample {
    Sample {
        started_at: Timestamp::EPOCH,
        finished_at: Timestamp::from_nanos(nanos),
        in_flight,
        dropped,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn calls_in_flight_are_starts_less_finishes_and_none_starts_above_the_limit(steps in vec(step(), 0..300)) {
        for policy in policies() {
            let mut calls = Concurrency::new(policy);
            let (mut tickets, mut now) = (Vec::new(), Timestamp::EPOCH);
            for step in &steps {
                let (limit, before) = (calls.limit(), tickets.len() as u64);
                prop_assert_eq!(u64::from(calls.in_flight()), before);
                prop_assert_eq!(u64::from(calls.available()), u64::from(limit).saturating_sub(before));
                match step {
                    Step::Start => match calls.try_start(now) {
                        Ok(ticket) => {
                            prop_assert!(before < u64::from(limit));
                            tickets.push(ticket);
                        }
                        Err(full) => {
                            prop_assert!(before >= u64::from(limit));
                            prop_assert_eq!(full, Full { limit });
                        }
                    },
                    Step::Finish(which, millis, outcome) if !tickets.is_empty() => {
                        now = now.saturating_add(Duration::from_millis(*millis));
                        let ticket = tickets.swap_remove(which.index(tickets.len()));
                        calls.finish(ticket, now, *outcome);
                        let ignored = *outcome == Outcome::Ignored;
                        prop_assert!(!ignored || calls.limit() == limit, "an ignored call teaches nothing");
                    }
                    Step::Finish(..) => {}
                }
            }
        }
    }

    #[test]
    fn a_policy_is_told_of_each_call_that_is_not_ignored(steps in vec(step(), 0..300)) {
        let mut calls = Concurrency::new(Box::new(Witness::default()));
        let (mut open, mut now, mut told) = (Vec::new(), Timestamp::EPOCH, Vec::new());
        for step in steps {
            match step {
                Step::Start => if let Ok(ticket) = calls.try_start(now) {
                    open.push((ticket, now, calls.in_flight()));
                },
                Step::Finish(which, millis, outcome) if !open.is_empty() => {
                    now = now.saturating_add(Duration::from_millis(millis));
                    let (ticket, started_at, in_flight) = open.swap_remove(which.index(open.len()));
                    calls.finish(ticket, now, outcome);
                    let dropped = outcome == Outcome::Dropped;
                    let sample = Sample { started_at, finished_at: now, in_flight, dropped };
                    told.extend((outcome != Outcome::Ignored).then_some(sample));
                }
                Step::Finish(..) => {}
            }
        }
        prop_assert_eq!(&calls.policy().0, &told);
    }

    #[test]
    fn an_adaptive_limit_stays_within_its_bounds(
        min in 1..100_u32, initial in 0..20_u32, more in 0..20_u32,
        samples in vec((0..400_u32, 0..6_000_000_000_u64, weighted(0.1)), 0..500),
    ) {
        let (initial, max) = (min + initial, min + initial + more);
        let aimd = Aimd::netflix().with_limits(initial, min..=max).expect("in range");
        let gradient = Gradient2::netflix().with_limits(initial, min..=max).expect("in range");
        let policies: [Box<dyn Limit>; 2] = [Box::new(aimd), Box::new(gradient)];
        for mut policy in policies {
            prop_assert_eq!(policy.limit(), initial);
            for &(in_flight, nanos, dropped) in &samples {
                policy.observe(sample(in_flight, nanos, dropped));
                prop_assert!((min..=max).contains(&policy.limit()), "{}", policy.limit());
            }
        }
    }

    #[test]
    fn a_limit_that_shrinks_revokes_nothing(started in 0..20_u32, limit in 0..20_u32) {
        let now = Timestamp::EPOCH;
        let mut calls = Concurrency::new(Fixed::new(20));
        let mut tickets: Vec<_> = (0..started).map_while(|_| calls.try_start(now).ok()).collect();
        calls.set_limit(limit);
        prop_assert_eq!(calls.in_flight(), started);
        while let Some(ticket) = tickets.pop() {
            prop_assert_eq!(calls.available(), limit.saturating_sub(calls.in_flight()));
            if calls.in_flight() >= limit {
                prop_assert_eq!(calls.try_start(now).err(), Some(Full { limit }));
            }
            calls.finish(ticket, now, Outcome::Success);
        }
        prop_assert_eq!((calls.in_flight(), calls.available()), (0, limit));
    }
}

#[test]
fn a_ticket_of_another_counter_does_not_underflow() {
    let now = Timestamp::EPOCH;
    let (mut one, mut other) = (
        Concurrency::new(Fixed::new(1)),
        Concurrency::new(Fixed::new(1)),
    );
    let ticket = one.try_start(now).expect("nothing is in flight");
    other.finish(ticket, now, Outcome::Success);
    assert_eq!((other.in_flight(), other.available()), (0, 1));
}

#[test]
fn a_clock_that_runs_back_makes_a_call_take_no_time() {
    let mut calls = Concurrency::new(Aimd::netflix());
    let ticket = calls
        .try_start(Timestamp::MAX)
        .expect("nothing is in flight");
    calls.finish(ticket, Timestamp::EPOCH, Outcome::Success);
    assert_eq!(calls.limit(), 20);
}
