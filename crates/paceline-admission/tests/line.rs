//! The line is fair among equals, and patient requests move.

use std::{collections::BTreeMap, time::Duration};

use paceline_admission::{Priority, WaitLine};
use paceline_core::Timestamp;
use proptest::{collection::vec, prelude::*};

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_secs(seconds))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever leaves, the rest are served in order of arrival plus what they yield.
    #[test]
    fn the_order_is_that_of_a_sorted_list(
        arrivals in vec((0..40_u64, 0..3_u64, any::<bool>()), 1..60),
    ) {
        let mut line = WaitLine::new(usize::MAX);
        let (mut now, mut expected) = (0, Vec::new());
        for (id, &(wait, yields, leaves)) in arrivals.iter().enumerate() {
            now += wait / 4;
            let yields = Duration::from_secs(yields * 15);
            let place = line.join(at(now), Priority::yielding_for(yields), id);
            let place = place.expect("nobody is sent away");
            if leaves {
                prop_assert_eq!(line.leave(place), Some(id));
                prop_assert_eq!(line.leave(place), None);
            } else {
                expected.push((at(now).saturating_add(yields), id));
            }
            // The head is the least of those who wait.
            prop_assert_eq!(line.head().map(|(_, &id)| id), expected.iter().min().map(|&(_, id)| id));
        }
        expected.sort_unstable();
        let served: Vec<usize> = line.iter().copied().collect();
        let expected: Vec<usize> = expected.into_iter().map(|(_, id)| id).collect();
        prop_assert_eq!(served, expected);
    }

    /// Whoever comes, leaves from anywhere or takes an old place again: the oracle is a tree of places.
    #[test]
    fn coming_and_going_is_that_of_a_sorted_map(
        steps in vec((0..4_u8, 0..3_u64, any::<prop::sample::Index>()), 1..200),
    ) {
        let mut line = WaitLine::new(usize::MAX);
        let (mut expected, mut places) = (BTreeMap::new(), Vec::new());
        for (serial, &(step, yields, index)) in steps.iter().enumerate() {
            let id = places.len();
            match step {
                0 | 1 => {
                    let yields = Priority::yielding_for(Duration::from_secs(yields * 15));
                    let place = line.join(at(serial as u64), yields, id).expect("nobody is sent away");
                    prop_assert_eq!(expected.insert(place, id), None);
                    places.push(place);
                }
                _ if places.is_empty() => {}
                2 => {
                    let place = places[index.index(id)];
                    prop_assert_eq!(line.get_mut(place).copied(), expected.get(&place).copied());
                    prop_assert_eq!(line.leave(place), expected.remove(&place));
                }
                _ => {
                    let place = places[index.index(id)];
                    let free = !expected.contains_key(&place);
                    prop_assert_eq!(line.rejoin(place, serial).is_ok(), free);
                    expected.entry(place).or_insert(serial);
                }
            }
            prop_assert_eq!(line.len(), expected.len());
            prop_assert_eq!(line.head(), expected.iter().map(|(place, id)| (*place, id)).next());
            prop_assert!(line.iter().eq(expected.values()));
        }
    }

    /// Nobody who arrives once a patient request has yielded for its time is served before it.
    #[test]
    fn a_patient_request_is_passed_for_a_while_only(yields in 0..100_u64, after in 0..200_u64) {
        let mut line = WaitLine::new(2);
        let batch = Priority::yielding_for(Duration::from_secs(yields));
        line.join(at(0), batch, "batch").expect("there is room");
        line.join(at(after), Priority::INTERACTIVE, "urgent").expect("there is room");
        let first = if after < yields { "urgent" } else { "batch" };
        prop_assert_eq!(line.head().map(|(_, &who)| who), Some(first));
    }

    /// A clock that runs back lets nobody jump the queue.
    #[test]
    fn a_lagging_clock_keeps_the_order(times in vec(0..100_u64, 1..40)) {
        let mut line = WaitLine::new(usize::MAX);
        for (id, &time) in times.iter().enumerate() {
            line.join(at(time), Priority::default(), id).expect("there is room");
        }
        prop_assert!(line.iter().copied().eq(0..times.len()));
    }
}

/// Patient requests move even if urgent ones never cease.
#[test]
fn a_patient_request_is_served_under_a_load_that_never_ceases() {
    let mut line = WaitLine::new(10_000);
    line.join(at(0), Priority::BATCH, "batch")
        .expect("there is room");
    let served_at = (0..10_000).find(|&second| {
        for _ in 0..2 {
            line.join(at(second), Priority::INTERACTIVE, "urgent")
                .expect("there is room");
        }
        let (head, _) = line.head().expect("somebody waits");
        line.leave(head) == Some("batch")
    });
    // Those 7,200 that came within an hour are served first, one a second.
    assert_eq!(served_at, Some(7_200));
}

#[test]
fn a_full_line_sends_the_newcomer_away() {
    let mut line = WaitLine::new(1);
    let first = line
        .join(at(0), Priority::BATCH, 'a')
        .expect("there is room");
    assert_eq!(line.join(at(0), Priority::INTERACTIVE, 'b'), Err('b'));
    assert_eq!((line.len(), line.most()), (1, 1));
    assert_eq!(line.leave(first), Some('a'));
    assert!(line.is_empty());
    assert!(line.join(at(0), Priority::INTERACTIVE, 'b').is_ok());
    line.set_most(0);
    assert_eq!(line.iter().collect::<String>(), "b");
    assert_eq!(line.join(at(0), Priority::INTERACTIVE, 'c'), Err('c'));
}

#[test]
fn those_before_a_place_are_those_served_first() {
    let mut line = WaitLine::new(9);
    for (id, priority) in [
        (0, Priority::BATCH),
        (1, Priority::INTERACTIVE),
        (2, Priority::BATCH),
    ] {
        line.join(at(id), priority, id).expect("there is room");
    }
    let (second, _) = line.head().expect("not empty");
    assert_eq!(line.before(second).count(), 0);
    let urgent = line.place(at(3), Priority::INTERACTIVE);
    let patient = line.place(at(3), Priority::BATCH);
    assert_eq!(line.before(urgent).copied().collect::<Vec<_>>(), [1]);
    assert_eq!(line.before(patient).copied().collect::<Vec<_>>(), [1, 0, 2]);
    *line
        .get_mut(line.head().expect("not empty").0)
        .expect("it waits") = 7;
    assert_eq!(line.head().map(|(_, &id)| id), Some(7));
}
