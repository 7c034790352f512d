//! What is told without words is what a reader finds in them.

use std::time::Duration;

use paceline_core::{Class, Dimension, Timestamp};
use paceline_sim::{
    model::dialect::{Occasion, gist, write},
    scenario::{limit::Kind, provider::Dialect},
};
use proptest::{prelude::*, test_runner::Config};

use crate::{
    ALL,
    case::{Case, cases, minute_of_requests},
    is_readable, read,
};

/// The same case, some of whose limits have nothing left, or less than is asked for in all.
fn drained() -> impl Strategy<Value = Case> {
    (cases(), any::<u8>()).prop_map(|(mut case, which)| {
        for (at, held) in case.limits.iter_mut().enumerate() {
            if which >> at & 1 == 1 {
                held.remaining = 0;
                if held.rate.kind == Kind::Gcra {
                    held.full_at = case.now.saturating_add(held.refill(held.limit()));
                }
            }
        }
        if let (Occasion::Refusal { requested, by, .. }, true) = (&mut case.occasion, which > 200) {
            *requested += case.limits[*by].limit();
        }
        case
    })
}

/// Whether no words are needed: the most usual refusals of those who say when to come back.
fn is_usual(dialect: Dialect, case: &Case) -> bool {
    let Occasion::Refusal {
        requested,
        by,
        retry_after: Some(_),
    } = case.occasion
    else {
        return false;
    };
    let refills = case.limits.iter().all(|held| {
        // Whole seconds need care.
        let reset = held.full_at.saturating_duration_since(case.now);
        let bare = (reset + Duration::from_nanos(999_999)).subsec_millis() == 0;
        held.rate.kind == Kind::Gcra && !bare
    });
    match dialect {
        Dialect::Generic => true,
        Dialect::Gateway => {
            let by = &case.limits[by];
            refills && requested <= by.limit() && by.period() == Duration::from_secs(60)
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 4_000, ..Config::default() })]

    #[test]
    fn the_gist_is_what_a_reader_finds(case in prop_oneof![cases(), drained()]) {
        for (dialect, name) in ALL {
            if !is_readable(dialect, &case) {
                continue;
            }
            let gist = gist(dialect, case.now, case.occasion, &case.states());
            prop_assert!(gist.is_some() || !is_usual(dialect, &case), "{name}: {case:?}");
            if let Some(gist) = gist {
                let response = write(dialect, case.now, case.occasion, &case.states());
                let (found, heard) = (read(&response, case.now), gist.heard(case.now));
                let told = (found.class, found.hint, found.should_retry);
                let same = told == (heard.class, heard.hint, heard.should_retry);
                prop_assert!(same, "{name}: {heard:?}, but {response:?} is {found:?}");
            }
        }
    }
}

/// A quota that ends at midnight is plain, and one that comes back all the time takes its words.
#[test]
fn a_day_is_told_from_what_refills() {
    let hour = Duration::from_secs(3_600);
    let mut case = minute_of_requests(Timestamp::from_nanos(1_790_000_000_000_000_000), hour);
    let day = paceline_core::Quota::per_day(20);
    case.limits[0].rate.quota = day;
    let told = |wait| {
        let occasion = Occasion::Refusal {
            requested: 1,
            by: 0,
            retry_after: Some(wait),
        };
        gist(Dialect::Gateway, case.now, occasion, &case.states())
    };
    assert_eq!(case.limits[0].rate.counts, Dimension::Requests);
    let class = told(3 * hour).map(|gist| gist.class);
    assert_eq!(class, Some(Class::Quota));
    // A twentieth of a day.
    assert_eq!(told(hour + hour / 5), None);
}
