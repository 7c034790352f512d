//! What a response refused, as the router is told.

use core::time::Duration;

use paceline_core::{Class, Feedback, Hint, HintSource, LimitReading, Metric, Timestamp};
use paceline_router::{Refusal, Scope};

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_secs(seconds))
}

#[test]
fn a_response_excludes_what_it_is_about_for_as_long_as_it_says() {
    let limited = |until| {
        let scope = Scope::Target;
        Some(Refusal::Limited { scope, until })
    };
    let overloaded = |seconds: Option<u64>| {
        Some(Refusal::Overloaded {
            scope: Scope::Model,
            retry_after: seconds.map(Duration::from_secs),
        })
    };
    for (class, hinted, plain) in [
        (Class::Ok, None, None),
        (Class::Pace, limited(Some(at(50))), limited(Some(at(70)))),
        (Class::Quota, limited(Some(at(50))), limited(Some(at(70)))),
        (
            Class::Billing,
            Some(Refusal::Billing),
            Some(Refusal::Billing),
        ),
        (Class::Overload, overloaded(Some(20)), overloaded(None)),
        (Class::TooLarge, None, None),
        (Class::Other, None, None),
    ] {
        let mut reading = LimitReading::of(Metric::Requests);
        (reading.remaining, reading.reset_at) = (Some(0), Some(at(70)));
        let mut feedback = Feedback::new(class);
        feedback.limits.push(reading);
        assert_eq!(Refusal::told_by(&feedback, at(30)), plain, "{class}");
        feedback.hint = Some(Hint {
            at: at(50),
            source: HintSource::RetryAfter,
        });
        assert_eq!(Refusal::told_by(&feedback, at(30)), hinted, "{class}");
    }
    let bare = Feedback::new(Class::Pace);
    assert_eq!(Refusal::told_by(&bare, at(30)), limited(None));
}
