//! Whatever a provider says in its dialect, the reader of production understands.

mod case;
mod cure;
mod gist;
mod told;

use std::time::Duration;

use case::{Case, YEAR_2002, cases};
use paceline_core::{Class, Feedback, HintSource, LimitReading, LimitWindow, Timestamp};
use paceline_sim::{
    model::dialect::{Occasion, Response, write},
    scenario::provider::Dialect,
};
use proptest::{prelude::*, test_runner::Config};
use serde::Deserialize;
use told::Shown;

const ALL: [(Dialect, &str); 13] = [
    (Dialect::Generic, "generic"),
    (Dialect::Gateway, "gateway"),
    (Dialect::OpenAi, "openai"),
    (Dialect::Azure, "azure"),
    (Dialect::Anthropic, "anthropic"),
    (Dialect::Gemini, "gemini"),
    (Dialect::Groq, "groq"),
    (Dialect::Cerebras, "cerebras"),
    (Dialect::Mistral, "mistral"),
    (Dialect::OpenRouter, "openrouter"),
    (Dialect::Cohere, "cohere"),
    (Dialect::NvidiaNim, "nvidia-nim"),
    (Dialect::DeepSeek, "deepseek"),
];

fn read(response: &Response, now: Timestamp) -> Feedback {
    let headers = paceline_wire::pairs(&response.headers);
    paceline_wire::read(response.status, headers, response.body.as_bytes(), now)
}

/// The same without its headers.
fn read_body(response: &Response, now: Timestamp) -> Feedback {
    let none = paceline_wire::pairs::<&str, &str>(&[]);
    paceline_wire::read(response.status, none, response.body.as_bytes(), now)
}

/// Before 2001-09-09, readers take milliseconds since 1970 for something else.
fn is_readable(dialect: Dialect, case: &Case) -> bool {
    dialect != Dialect::OpenRouter || case.now.as_nanos() >= YEAR_2002 * 1_000_000_000
}

fn is_reading_of(reading: &LimitReading, shown: &Shown) -> bool {
    let window = shown.window.is_none() || reading.window == shown.window;
    let reset = match (reading.reset_at, shown.reset) {
        (Some(at), Some((earliest, latest))) => (earliest..=latest).contains(&at),
        (None, None) => true,
        _ => false,
    };
    reading.metric == shown.metric
        && window
        && reading.limit == shown.limit
        && reading.remaining == shown.remaining
        && reset
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 2_000, ..Config::default() })]

    #[test]
    fn limits_come_back_as_they_are_shown(case in cases()) {
        for (dialect, name) in ALL {
            if !is_readable(dialect, &case) {
                continue;
            }
            let response = write(dialect, case.now, case.occasion, &case.states());
            let feedback = read(&response, case.now);
            let mut readings = feedback.limits.clone();
            for shown in told::shown(dialect, &case) {
                // The words may say more of it than the headers.
                let found = readings.iter().position(|reading| is_reading_of(reading, &shown));
                prop_assert!(found.is_some(), "{name}: {shown:?} in {response:?}: {feedback:?}");
                readings.remove(found.expect("it was just found"));
            }
            // Nothing else is said, but for a limit that is blamed without being shown.
            let told = told::blamed(dialect, &case).is_some() || matches!(case.occasion, Occasion::Busy { .. });
            prop_assert!(readings.len() <= usize::from(told), "{name}: {response:?}: {feedback:?}");
            prop_assert!(readings.iter().all(|reading| reading.refused), "{name}: {response:?}: {feedback:?}");
        }
    }

    #[test]
    fn the_window_of_a_limit_that_refills_is_never_taken_for_another(case in cases()) {
        for dialect in [Dialect::OpenAi, Dialect::Groq] {
            let response = write(dialect, case.now, Occasion::Answer, &case.states());
            for reading in read(&response, case.now).limits {
                let held = case.limits.iter().find(|held| {
                    told::metric(held) == reading.metric && Some(held.limit()) == reading.limit
                });
                let held = held.expect("what is shown is held");
                let refills = held.full_at == case.now.saturating_add(held.refill(held.used()));
                let reset = held.full_at.saturating_duration_since(case.now);
                // A few milliseconds fit many.
                if let Some(window) = reading.window
                    && refills && reset > Duration::from_millis(5)
                    && [60, 86_400].contains(&held.period().as_secs())
                {
                    prop_assert_eq!(window, LimitWindow::Span(held.period()), "{:?}", response);
                }
            }
        }
    }

    #[test]
    fn the_limit_that_refuses_comes_back_as_it_is_named(case in cases()) {
        for (dialect, name) in ALL {
            if !is_readable(dialect, &case) || matches!(case.occasion, Occasion::Busy { .. }) {
                continue;
            }
            let response = write(dialect, case.now, case.occasion, &case.states());
            let feedback = read(&response, case.now);
            let refused: Vec<_> = feedback.limits.iter().filter(|reading| reading.refused).collect();
            let Some(blamed) = told::blamed(dialect, &case) else {
                prop_assert!(refused.is_empty(), "{name}: {response:?}: {feedback:?}");
                continue;
            };
            prop_assert_eq!(refused.len(), 1, "{}: {:?}: {:?}", name, response, feedback);
            let reading = refused[0];
            let same = reading.metric == blamed.metric
                && (blamed.window.is_none() || reading.window == blamed.window)
                && (blamed.limit.is_none() || reading.limit == blamed.limit)
                && reading.used == blamed.used
                && reading.requested == blamed.requested;
            prop_assert!(same, "{name}: {blamed:?} in {response:?}: {feedback:?}");
        }
    }

    #[test]
    fn classes_come_back(case in cases()) {
        for (dialect, name) in ALL {
            let response = write(dialect, case.now, case.occasion, &case.states());
            let feedback = read(&response, case.now);
            match cure::class(dialect, &case) {
                Some(class) => prop_assert_eq!(feedback.class, class, "{}: {:?}: {:?}", name, response, feedback),
                None => prop_assert!(matches!(feedback.class, Class::Pace | Class::Quota)),
            }
        }
    }

    #[test]
    fn waits_come_back_and_are_never_shorter(case in cases()) {
        for (dialect, name) in ALL {
            let response = write(dialect, case.now, case.occasion, &case.states());
            let feedback = read(&response, case.now);
            let hint = feedback.hint.filter(|hint| hint.source != HintSource::Reset);
            let wait = cure::wait(dialect, &case).filter(|wait| {
                // Readers distrust a short wait for a quota.
                feedback.class != Class::Quota || *wait >= Duration::from_secs(300)
            });
            let at = wait.map(|wait| case.now.saturating_add(wait));
            prop_assert_eq!(hint.map(|hint| hint.at), at, "{}: {:?}: {:?}", name, response, feedback);
        }
    }

    #[test]
    fn bodies_alone_say_it_as_well(case in cases()) {
        for (dialect, unit) in [
            (Dialect::OpenAi, Duration::from_millis(1)),
            (Dialect::Groq, Duration::from_millis(1)),
            (Dialect::Azure, Duration::from_secs(1)),
            (Dialect::Gemini, Duration::ZERO),
            (Dialect::OpenRouter, Duration::from_millis(1)),
        ] {
            let Occasion::Refusal { retry_after: Some(wait), by, .. } = case.occasion else {
                continue;
            };
            let requests = case.limits[by].rate.counts == paceline_core::Dimension::Requests;
            if !is_readable(dialect, &case) || (dialect == Dialect::OpenRouter && !requests) {
                continue;
            }
            let response = write(dialect, case.now, case.occasion, &case.states());
            let feedback = read_body(&response, case.now);
            if feedback.class == Class::Quota && dialect != Dialect::OpenRouter && wait < Duration::from_secs(300) {
                continue;
            }
            let said = feedback.retry_after(case.now);
            let fits = said.is_some_and(|said| wait <= said && said <= wait.saturating_add(unit));
            prop_assert!(fits, "{dialect:?}: {wait:?} in {response:?}: {feedback:?}");
        }
    }

    /// Milliseconds since 1970 need a year to be known for what they are. Without one, readers come back
    /// late, never early.
    #[test]
    fn small_moments_are_read_too_late(now in 0..YEAR_2002 * 900_000_000, wait in 1..86_400_u64) {
        let now = Timestamp::from_nanos(now);
        let wait = Duration::from_secs(wait);
        let case = case::minute_of_requests(now, wait);
        let response = write(Dialect::OpenRouter, now, case.occasion, &case.states());
        let said = read(&response, now).retry_after(now);
        prop_assert!(said.is_none_or(|said| said >= wait), "{wait:?} in {response:?}");
    }
}

/// Answer, failure, outage, refusal, busy, too large.
#[test]
fn statuses_are_the_providers_own() {
    for (dialect, expected) in [
        (Dialect::Generic, [200, 500, 503, 429, 429, 413]),
        (Dialect::Gateway, [200, 500, 503, 429, 429, 413]),
        (Dialect::OpenAi, [200, 500, 503, 429, 429, 429]),
        (Dialect::Azure, [200, 500, 503, 429, 429, 413]),
        (Dialect::Anthropic, [200, 500, 529, 429, 429, 413]),
        (Dialect::Gemini, [200, 500, 503, 429, 429, 400]),
        (Dialect::Groq, [200, 500, 503, 429, 429, 413]),
        (Dialect::Cerebras, [200, 500, 503, 429, 429, 400]),
        (Dialect::Mistral, [200, 500, 503, 429, 429, 400]),
        (Dialect::OpenRouter, [200, 502, 503, 429, 429, 400]),
        (Dialect::Cohere, [200, 500, 503, 429, 429, 413]),
        (Dialect::NvidiaNim, [200, 500, 503, 429, 429, 413]),
        (Dialect::DeepSeek, [200, 500, 503, 429, 429, 400]),
    ] {
        let case = case::minute_of_requests(Timestamp::EPOCH, Duration::from_secs(3));
        let too_large = Occasion::TooLarge {
            requested: 21,
            by: 0,
        };
        let statuses = [
            Occasion::Answer,
            Occasion::Failure,
            Occasion::Outage,
            case.occasion,
            Occasion::Busy { most: 3 },
            too_large,
        ]
        .map(|occasion| write(dialect, case.now, occasion, &case.states()).status);
        assert_eq!(statuses, expected, "{dialect:?}");
    }
}

#[test]
fn dialects_go_by_the_names_of_their_providers() {
    #[derive(Deserialize)]
    struct File {
        dialect: Dialect,
    }
    for (dialect, name) in ALL {
        let file: File = toml::from_str(&format!("dialect = \"{name}\"")).expect("it is one");
        assert_eq!(file.dialect, dialect);
    }
}

/// Nobody hands over a limit that is not there, but if somebody does, nothing breaks.
#[test]
fn a_limit_that_is_not_there_goes_unnamed() {
    for (dialect, name) in ALL {
        for occasion in [
            Occasion::Refusal {
                requested: 1,
                by: 9,
                retry_after: Some(Duration::MAX),
            },
            Occasion::TooLarge {
                requested: u64::MAX,
                by: 9,
            },
        ] {
            let response = write(dialect, Timestamp::MAX, occasion, &[]);
            let class = read(&response, Timestamp::MAX).class;
            let expected = match occasion {
                Occasion::TooLarge { .. } => Class::TooLarge,
                _ => Class::Pace,
            };
            assert_eq!(class, expected, "{name}: {response:?}");
        }
    }
}
