//! Usage adds up by label and day in bounded memory, and thresholds are reported as edges.

use std::collections::{BTreeMap, BTreeSet};

use paceline_core::{Demand, Dimension, Timestamp};
use paceline_router::{DayOffset, DayUsage, UsageError, UsageEvent, UsageTracker};
use proptest::{collection::vec, prelude::*};

const HOUR: u64 = 3_600_000_000_000;
const LABELS: [&str; 4] = ["a", "b", "c", "d"];

fn hour(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * HOUR)
}

fn requests(requests: u64) -> Demand {
    Demand {
        requests,
        ..Demand::default()
    }
}

/// The events in short: whether a threshold was reached, and which.
fn edges(events: Vec<UsageEvent>) -> Vec<(bool, u8)> {
    let edge = |event| match event {
        UsageEvent::Reached { percent, .. } => (true, percent),
        UsageEvent::Eased { percent, .. } => (false, percent),
        _ => panic!("an event of a new kind"),
    };
    events.into_iter().map(edge).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a plain list of all records: nothing is lost or counted twice, whatever the room.
    #[test]
    fn sums_are_those_of_all_records(
        steps in vec((0..30_u64, 0..4_usize, 0..9_u64), 0..60), offset in -1_439..=1_439_i16,
        days in 1..5_u16, room in 0..5_usize,
    ) {
        let offset = DayOffset::new(offset).expect("below a day");
        let mut usage = UsageTracker::new(offset, days, room);
        let (mut now, mut by_label, mut totals) = (48, BTreeMap::new(), BTreeMap::new());
        for (wait, label, tokens) in steps {
            now += wait;
            let day = offset.day(hour(now));
            let label = LABELS[label];
            let used = Demand { requests: 1, input_tokens: tokens, output_tokens: 2 * tokens };
            prop_assert!(usage.record(hour(now), label, used).is_empty());
            let oldest = day - i64::from(days) + 1;
            *by_label.entry((label, day)).or_insert(0) += tokens;
            *totals.entry(day).or_insert(0) += tokens;

            let kept: BTreeSet<_> = usage.labels().map(String::from).collect();
            prop_assert!(kept.len() <= room);
            let labels = kept.iter().map(|label| usage.used(hour(now), label).input_tokens);
            let sum = labels.sum::<u64>() + usage.used_by_others(hour(now)).input_tokens;
            prop_assert_eq!(sum, totals[&day]);
            if room < LABELS.len() {
                continue;
            }
            for label in LABELS {
                let history: Vec<_> = usage.history(label).collect();
                let expected = by_label.iter().filter(|((other, day), _)| *other == label && *day >= oldest);
                let expected: Vec<_> = expected.map(|(&(_, day), &tokens)| (day, tokens)).collect();
                let found: Vec<_> = history.iter().map(|day| (day.day, day.used.input_tokens)).collect();
                prop_assert_eq!(found, expected);
                let whole = |day: &DayUsage| day.used.output_tokens == 2 * day.used.input_tokens;
                prop_assert!(history.iter().all(whole));
            }
        }
    }

    /// A threshold is reported when usage reaches it, and as eased when that is five points below:
    /// in turns, and never one without its reason.
    #[test]
    fn thresholds_are_edges_with_hysteresis(
        steps in vec((0..6_u64, 0..40_u64, 1..120_u64, any::<bool>()), 1..80),
    ) {
        let mut usage = UsageTracker::new(DayOffset::UTC, 2, 4);
        let (mut now, mut limit) = (0, 100);
        let mut raised = BTreeSet::new();
        usage.set_limit(hour(0), "a", Dimension::Requests, limit).expect("room");
        for (wait, cost, new_limit, changes) in steps {
            let before = DayOffset::UTC.day(hour(now));
            now += wait;
            let mut expected = Vec::new();
            if DayOffset::UTC.day(hour(now)) > before {
                expected.extend(std::mem::take(&mut raised).into_iter().map(|percent| (false, percent)));
            }
            let events = if changes {
                limit = new_limit;
                usage.set_limit(hour(now), "a", Dimension::Requests, limit).expect("room")
            } else {
                usage.record(hour(now), "a", requests(cost))
            };
            let used = usage.used(hour(now), "a").requests;
            for percent in [80, 95, 100] {
                let is_at = |percent: u8| used > 0 && used * 100 >= limit * u64::from(percent);
                if is_at(percent) && raised.insert(percent) {
                    expected.push((true, percent));
                } else if !is_at(percent - 5) && raised.remove(&percent) {
                    expected.push((false, percent));
                }
            }
            prop_assert_eq!(edges(events), expected);
        }
    }
}

#[test]
fn an_event_tells_all_that_is_needed() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 7, 10);
    let limit = usage.set_limit(hour(25), "groq/team", Dimension::Tokens, 1_000);
    assert_eq!(limit, Ok(vec![]));
    let used = Demand {
        requests: 1,
        input_tokens: 700,
        output_tokens: 150,
    };
    let reached = UsageEvent::Reached {
        label: "groq/team".into(),
        dimension: Dimension::Tokens,
        percent: 80,
        used: 850,
        limit: 1_000,
        day: 1,
    };
    assert_eq!(usage.record(hour(26), "groq/team", used), [reached]);
    let eased = UsageEvent::Eased {
        label: "groq/team".into(),
        dimension: Dimension::Tokens,
        percent: 80,
        day: 2,
    };
    // Whoever it is that uses something first on the next day.
    assert_eq!(usage.record(hour(48), "other", used), [eased]);
}

#[test]
fn one_record_may_reach_everything_again_on_the_next_day() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 1, 1);
    usage
        .set_limit(hour(0), "a", Dimension::Requests, 10)
        .expect("room");
    let all = [(true, 80), (true, 95), (true, 100)];
    assert_eq!(edges(usage.record(hour(1), "a", requests(10))), all);
    assert_eq!(edges(usage.record(hour(2), "a", requests(10))), []);
    let again = edges(usage.record(hour(24), "a", requests(10)));
    assert_eq!(again[..3], [(false, 80), (false, 95), (false, 100)]);
    assert_eq!(again[3..], all);
}

#[test]
fn a_lagging_clock_counts_on_the_latest_day() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 2, 1);
    let limit = usage.set_limit(hour(25), "a", Dimension::Requests, 10);
    assert_eq!(limit, Ok(vec![]));
    assert_eq!(
        edges(usage.record(hour(25), "a", requests(8))),
        [(true, 80)]
    );
    assert_eq!(edges(usage.record(hour(23), "a", requests(1))), []);
    assert_eq!(
        edges(usage.record(hour(23), "a", requests(1))),
        [(true, 95), (true, 100)]
    );
    let today = DayUsage {
        day: 1,
        used: requests(10),
    };
    assert_eq!(usage.history("a").collect::<Vec<_>>(), [today]);
    assert_eq!(usage.used(hour(23), "a"), requests(0));
}

#[test]
fn what_is_no_longer_kept_is_not_told_and_makes_room() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 2, 2);
    usage.record(hour(1), "a", requests(1));
    usage
        .set_limit(hour(1), "b", Dimension::Requests, 5)
        .expect("room");
    assert_eq!(
        usage.set_limit(hour(1), "c", Dimension::Requests, 5),
        Err(UsageError)
    );
    // On the next day, yesterday is still kept.
    usage.record(hour(25), "c", requests(7));
    assert_eq!(usage.used_by_others(hour(25)), requests(7));
    usage.record(hour(49), "c", requests(8));
    assert_eq!(usage.labels().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(usage.used(hour(1), "a"), requests(0));
    assert_eq!(usage.used(hour(49), "c"), requests(8));
    // Without a limit of its own a label is forgotten, and with one it is not.
    usage.record(hour(24 * 300), "d", requests(1));
    assert_eq!(usage.labels().collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!(usage.history("c").count(), 0);
}

#[test]
fn no_days_at_all_still_keep_today() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 0, 1);
    usage.record(hour(1), "a", requests(u64::MAX));
    usage.record(hour(2), "a", requests(u64::MAX));
    assert_eq!(usage.used(hour(3), "a"), requests(u64::MAX));
}

#[test]
fn a_limit_of_zero_is_reached_by_the_first_use_and_no_limit_never() {
    let mut usage = UsageTracker::new(DayOffset::UTC, 1, 2);
    for (label, limit) in [("zero", 0), ("none", u64::MAX)] {
        let events = usage.set_limit(hour(0), label, Dimension::Requests, limit);
        assert_eq!(events, Ok(vec![]));
    }
    assert_eq!(usage.record(hour(0), "zero", requests(1)).len(), 3);
    assert_eq!(usage.record(hour(0), "none", requests(1 << 60)), []);
}

#[test]
fn events_are_written_and_read_by_name() {
    let events = [
        UsageEvent::Reached {
            label: "a".into(),
            dimension: Dimension::InputTokens,
            percent: 95,
            used: 96,
            limit: 100,
            day: 20_000,
        },
        UsageEvent::Eased {
            label: "a".into(),
            dimension: Dimension::Requests,
            percent: 80,
            day: -1,
        },
    ];
    let texts = events
        .clone()
        .map(|event| serde_json::to_string(&event).expect("plain data"));
    assert_eq!(
        texts,
        [
            r#"{"event":"reached","label":"a","dimension":"input tokens","percent":95,"used":96,"limit":100,"day":20000}"#,
            r#"{"event":"eased","label":"a","dimension":"requests","percent":80,"day":-1}"#,
        ]
    );
    let read = texts.map(|text| serde_json::from_str::<UsageEvent>(&text).expect("as written"));
    assert_eq!(read, events);
    let strange = r#"{"event":"eased","label":"a","dimension":"words","percent":80,"day":0}"#;
    let err = serde_json::from_str::<UsageEvent>(strange).expect_err("no such dimension");
    assert!(err.to_string().contains("words"), "{err}");
    let more = r#"{"event":"eased","label":"a","dimension":"requests","percent":80,"day":0,"x":1}"#;
    assert!(serde_json::from_str::<UsageEvent>(more).is_err());
}
