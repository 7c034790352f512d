//! All that a request must pass is asked before any of it is charged.

use std::time::Duration;

use paceline_admission::{Admission, Gate, Priority, Refusal, WaitLine};
use paceline_composite::{ByDimension, Settling};
use paceline_concurrency::{Fixed, Outcome};
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use proptest::{collection::vec, prelude::*};

const SECOND: Duration = Duration::from_secs(1);

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_millis(ms))
}

fn gcra(limit: u64, burst: u64) -> Gcra {
    let quota = Quota::per_second(limit);
    Gcra::new(quota.with_burst(burst).expect("not zero"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The oracle asks gate, limiter and a bare counter one after the other.
    #[test]
    fn it_admits_exactly_when_all_agree_and_a_refusal_changes_nothing(
        permits in 0..4_u32,
        steps in vec((0..400_u64, 0..6_u64, 0..4_u8, any::<bool>()), 1..80),
    ) {
        let mut admission = Admission::<_, ()>::new(gcra(5, 5), 0)
            .with_gate(Gate::new(1))
            .with_permits(Fixed::new(permits));
        let (mut gate, mut limiter) = (Gate::new(1), gcra(5, 5));
        let (mut held, mut now) = (Vec::new(), 0);
        for (wait, cost, action, flag) in steps {
            now += wait;
            let time = at(now);
            if action == 0 && flag {
                let hint = Some(SECOND / 2);
                admission.gate_mut().close(time, time, hint);
                gate.close(time, time, hint);
            }
            if action <= 1 && !held.is_empty() {
                let grant = held.swap_remove(0);
                prop_assert_eq!(admission.finish(time, grant, Outcome::Success, None), Ok(()));
            }
            let rates = [Limiter::check(&gate, time, 1), Limiter::check(&limiter, time, cost)];
            let denied = rates.into_iter().filter_map(Result::err).reduce(Denied::and);
            let in_flight = u32::try_from(held.len()).expect("few");
            let expected = match denied {
                _ if permits == 0 => Err(Refusal::Denied(Denied::TooLarge { max: 0 })),
                Some(denied) => Err(Refusal::Denied(denied)),
                None if in_flight >= permits => Err(Refusal::Busy),
                None => Ok(()),
            };
            prop_assert_eq!(admission.check(time, cost), expected);
            match admission.try_admit(time, cost) {
                Ok(grant) => {
                    prop_assert_eq!(expected, Ok(()));
                    prop_assert_eq!(grant.at(), time);
                    held.push(grant);
                    gate.charge(time, 1);
                    limiter.charge(time, cost);
                }
                Err(refusal) => prop_assert_eq!(expected, Err(refusal)),
            }
            prop_assert_eq!(admission.in_flight(), u32::try_from(held.len()).expect("few"));
            prop_assert_eq!(Limiter::available(admission.limits(), time), limiter.available(time));
            prop_assert_eq!(admission.gate().opens_at(), gate.opens_at());
        }
    }

    /// Whoever is told a time is served at that time if those in line ask as soon as they may.
    #[test]
    fn ready_at_is_when_the_newcomer_is_served(
        spent in 0..=8_u64,
        line in vec((1..=8_u64, 0..3_u64), 0..20),
        cost in 1..=8_u64,
        yields in 0..3_u64,
    ) {
        let yielding = |times: u64| Priority::yielding_for(SECOND * u32::try_from(times).unwrap_or(0));
        let mut admission = Admission::new(gcra(4, 8), usize::MAX);
        let start = at(1_000);
        Limiter::charge(admission.limits_mut(), start, spent);
        for (index, &(cost, yields)) in line.iter().enumerate() {
            admission.join(start, yielding(yields), cost, index).expect("there is room");
        }
        let place = admission.line().place(start, yielding(yields));
        let ready_at = admission.ready_at(start, place, cost);
        let newcomer = line.len();
        prop_assert_eq!(
            admission.is_first(place),
            line.iter().all(|&(_, other)| other > yields)
        );
        prop_assert_eq!(admission.join(start, yielding(yields), cost, newcomer), Ok(place));
        let mut now = start;
        let served_at = loop {
            let (place, head) = admission.line().head().expect("the newcomer is in line");
            let (cost, who) = (head.cost, head.who);
            match admission.try_admit(now, cost) {
                Ok(grant) => {
                    admission.leave(place);
                    prop_assert_eq!(admission.finish(now, grant, Outcome::Ignored, None), Ok(()));
                    if who == newcomer {
                        break now;
                    }
                }
                Err(Refusal::Denied(Denied::Until(later))) => now = later,
                Err(refusal) => prop_assert!(false, "{refusal}"),
            }
        };
        prop_assert_eq!(ready_at, Some(served_at));
    }

    /// Whoever was refused is served before all who came later, and nobody is in line twice.
    #[test]
    fn a_place_that_is_taken_again_is_the_old_one(
        count in 1..20_usize, again in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut line = WaitLine::new(usize::MAX);
        let join = |line: &mut WaitLine<usize>, id| line.join(at(0), Priority::default(), id);
        let places: Vec<_> = (0..count).map(|id| join(&mut line, id).expect("there is room")).collect();
        for index in again {
            let id = index.index(count);
            prop_assert_eq!(line.rejoin(places[id], 99), Err(99));
            prop_assert_eq!(line.leave(places[id]), Some(id));
            join(&mut line, count).expect("there is room");
            prop_assert_eq!(line.rejoin(places[id], id), Ok(()));
            prop_assert!(line.iter().copied().take(count).eq(0..count));
        }
    }
}

#[test]
fn a_full_line_refuses_whoever_comes_back_too() {
    let mut admission = Admission::new(gcra(1, 1), 1);
    let place = admission.join(at(0), Priority::BATCH, 1, 'a');
    let place = place.expect("there is room");
    assert_eq!(admission.leave(place), Some('a'));
    let other = admission.join(at(0), Priority::BATCH, 1, 'b');
    assert!(other.is_ok());
    assert_eq!(admission.rejoin(place, 1, 'a'), Err('a'));
    assert_eq!(admission.join(at(0), Priority::BATCH, 1, 'c'), Err('c'));
}

#[test]
fn what_never_conforms_is_never_ready() {
    let place = WaitLine::<()>::new(1).place(at(0), Priority::default());
    let admission = Admission::<_, ()>::new(gcra(1, 3), 1);
    assert_eq!(admission.ready_at(at(0), place, 4), None);
    let mut behind = Admission::new(gcra(1, 3), 2);
    Limiter::charge(behind.limits_mut(), at(0), 3);
    for (cost, who) in [(4, "never conforms"), (1, "conforms")] {
        let joined = behind.join(at(0), Priority::default(), cost, who);
        assert!(joined.is_ok());
    }
    // The one that never conforms spends nothing.
    let last = behind.line().place(at(0), Priority::default());
    assert_eq!(behind.ready_at(at(0), last, 1), Some(at(2_000)));
    let disabled = Admission::<_, ()>::new(Gcra::new(Quota::per_second(0)), 1);
    assert_eq!(disabled.ready_at(at(0), place, 1), None);
}

#[test]
fn a_grant_is_settled_when_it_is_finished() {
    let tokens = Settling::new(Gcra::new(Quota::per_day(1_000)));
    let limits = ByDimension::new([(Dimension::Tokens, tokens)]);
    let mut admission = Admission::<_, ()>::new(limits, 0);
    let demand = |input_tokens| Demand {
        input_tokens,
        ..Demand::default()
    };
    let grant = admission.try_admit(at(0), demand(900)).expect("it fits");
    let left = |admission: &Admission<ByDimension<_>, ()>| {
        let limits: &ByDimension<Settling<Gcra>> = admission.limits();
        limits.available(at(0), Dimension::Tokens)
    };
    assert_eq!(left(&admission), 100);
    let finished = admission.finish(at(0), grant, Outcome::Success, Some(demand(300)));
    assert_eq!(finished, Ok(()));
    assert_eq!(left(&admission), 700);

    // Without the truth, what was charged stands.
    let grant = admission.try_admit(at(0), demand(200)).expect("it fits");
    let finished = admission.finish(at(0), grant, Outcome::Dropped, None);
    assert_eq!(finished, Ok(()));
    assert_eq!(left(&admission), 500);
}
