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

/// A refusal by a limit of 2,000 tokens a minute, beside one of so many requests a minute, all of which are
/// used up until then.
fn beside(requests: u64, until: Duration) -> Case {
    let wait = Duration::from_millis(30_500);
    let mut case = minute_of_requests(Timestamp::from_nanos(1_790_000_000_000_000_000), wait);
    let mut tokens = case.limits[0].clone();
    tokens.rate.counts = Dimension::Tokens;
    tokens.rate.quota = paceline_core::Quota::per_minute(2_000);
    tokens.remaining = 1_999;
    tokens.full_at = case.now.saturating_add(Duration::from_micros(30_500));
    case.limits[0].rate.quota = paceline_core::Quota::per_minute(requests);
    case.limits[0].full_at = case.now.saturating_add(until);
    case.limits.push(tokens);
    case.occasion = Occasion::Refusal {
        requested: 2_000,
        by: 1,
        retry_after: Some(wait),
    };
    case
}

/// Readers weigh one word against another, and may end up with what nobody meant.
#[test]
fn what_may_be_taken_for_something_else_takes_its_words() {
    let millis = Duration::from_millis;
    // A five thousandth of a day, and a thousandth of one.
    let (early, late) = (beside(5_000, millis(17_280)), beside(1_000, millis(86_400)));
    // Where the tokens' reset is taken for 30 ms, that of requests is what a day takes for one of them.
    let mut bare = beside(1_440_000, millis(60_001));
    bare.limits[1].full_at = bare.now.saturating_add(Duration::from_secs(30));
    // Nothing is ever allowed.
    let nothing = beside(0, millis(30_500));
    let class = |dialect, case: &Case| {
        let told = gist(dialect, case.now, case.occasion, &case.states());
        let response = write(dialect, case.now, case.occasion, &case.states());
        (told.map(|gist| gist.class), read(&response, case.now).class)
    };
    for case in [early, late, bare, nothing] {
        let found = class(Dialect::Gateway, &case);
        assert_eq!(found, (None, Class::Quota), "{case:?}");
    }
    let plain = class(Dialect::Gateway, &beside(5_000, millis(59_995)));
    assert_eq!(plain, (Some(Class::Pace), Class::Pace));
}

/// Longer waits are taken for moments.
#[test]
fn a_wait_beyond_thirty_years_takes_its_words() {
    let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let told = |seconds| {
        let case = minute_of_requests(now, Duration::from_secs(seconds));
        let response = write(Dialect::Generic, now, case.occasion, &case.states());
        let told = gist(Dialect::Generic, now, case.occasion, &case.states());
        let hint = read(&response, now).hint;
        (told.map(|gist| gist.heard(now).hint), hint)
    };
    let (gist, words) = told(1_000_000_000);
    assert_eq!(gist, Some(words));
    assert!(words.is_some());
    let (gist, words) = told(1_000_000_001);
    assert_eq!(gist, None);
    assert!(words.is_none_or(|hint| hint.at < now.saturating_add(Duration::from_secs(1))));
}
