//! The ten rules of the crate's docs, each with the case that made it one.

use std::time::Duration;

use paceline_core::{Class, Feedback, HintSource, LimitWindow, Metric, Timestamp};
use paceline_wire::{pairs, read};

/// 2026-11-24T12:00:00Z.
const NOON: Timestamp = Timestamp::from_nanos(1_795_521_600_000_000_000);

fn refused(headers: &[(&str, &str)], body: &str) -> Feedback {
    read(429, pairs(headers), body.as_bytes(), NOON)
}

fn millis(headers: &[(&str, &str)], body: &str) -> Option<u128> {
    let after = refused(headers, body).retry_after(NOON)?;
    Some(after.as_millis())
}

#[test]
fn rule_1_the_size_of_a_number_tells_what_it_counts() {
    for reset in ["1795521660000", "1795521660", "60"] {
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
        assert_eq!(millis(&headers, ""), Some(60_000), "{reset}");
        assert_eq!(
            millis(&[("retry-after", reset)], ""),
            Some(60_000),
            "{reset}"
        );
    }
}

#[test]
fn rule_2_below_zero_is_unknown() {
    let headers = [
        ("x-ratelimit-limit-tokens", "-1"),
        ("x-ratelimit-remaining-tokens", "-1"),
        ("x-ratelimit-reset-tokens", "0"),
        ("retry-after", "-1"),
    ];
    let feedback = refused(&headers, "");
    let reading = &feedback.limits[0];
    assert_eq!((reading.limit, reading.remaining), (None, None));
    assert_eq!((reading.reset_at, feedback.hint), (None, None));
    assert!(!reading.is_exhausted());
}

#[test]
fn rule_3_fractions_and_zero_are_accepted() {
    assert_eq!(millis(&[("retry-after", "56.5")], ""), Some(56_500));
    assert_eq!(millis(&[("retry-after", "0.05")], ""), Some(50));
    assert_eq!(millis(&[("retry-after", "0")], ""), Some(0));
}

#[test]
fn rule_4_dates_are_measured_from_the_date_of_the_response() {
    let until = ("retry-after", "Tue, 24 Nov 2026 12:00:20 GMT");
    assert_eq!(millis(&[until], ""), Some(20_000));
    let fast = ("date", "Tue, 24 Nov 2026 12:00:19 GMT");
    assert_eq!(millis(&[until, fast], ""), Some(1_000));
    let slow = ("date", "Mon, 23 Nov 2026 12:00:20 GMT");
    assert_eq!(millis(&[until, slow], ""), Some(86_400_000));
    // A span needs no clock.
    assert_eq!(millis(&[("retry-after", "5"), slow], ""), Some(5_000));
}

#[test]
fn rule_5_hints_are_taken_in_order() {
    let body = r#"{"error":{"message":"Please retry in 50s.","details":[{"retryDelay":"40s"}]}}"#;
    let prose = r#"{"error":{"message":"Please retry in 50s."}}"#;
    let mut headers = vec![
        ("retry-after-ms", "10000"),
        ("x-ms-retry-after-ms", "20000"),
        ("retry-after", "30"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "60s"),
    ];
    let hint = |headers: &[_], body| {
        let feedback = refused(headers, body);
        let hint = feedback.hint.expect("a hint");
        (
            hint.at.saturating_duration_since(NOON).as_secs(),
            hint.source,
        )
    };
    assert_eq!(hint(&headers, body), (10, HintSource::RetryAfterMs));
    headers.remove(0);
    assert_eq!(hint(&headers, body), (20, HintSource::RetryAfterMs));
    headers.remove(0);
    assert_eq!(hint(&headers, body), (30, HintSource::RetryAfter));
    headers.remove(0);
    assert_eq!(hint(&headers, body), (40, HintSource::Structured));
    assert_eq!(hint(&headers, prose), (50, HintSource::Prose));
    assert_eq!(hint(&headers, ""), (60, HintSource::Reset));
    headers[0] = ("x-ratelimit-remaining-tokens", "1");
    assert_eq!(refused(&headers, "").hint, None);
}

#[test]
fn rule_6_a_quota_of_a_day_overrides_a_short_delay() {
    let body = r#"{"error":{"message":"Requests per day limit exceeded"}}"#;
    let feedback = refused(&[("retry-after", "38")], body);
    assert_eq!((feedback.class, feedback.hint), (Class::Quota, None));
    // Then it is when the day's limit resets, if that is known, and a long delay stands.
    let headers = [
        ("retry-after", "38"),
        ("x-ratelimit-remaining-requests-day", "0"),
        ("x-ratelimit-reset-requests-day", "7200"),
    ];
    assert_eq!(millis(&headers, body), Some(7_200_000));
    assert_eq!(millis(&[("retry-after", "300")], body), Some(300_000));
    assert_eq!(millis(&[("retry-after", "299")], body), None);
}

#[test]
fn rule_7_durations_in_sentences_are_read_whole_or_not_at_all() {
    assert_eq!(millis(&[], "Please try again in 1m26.4s."), Some(86_400));
    assert_eq!(millis(&[], "Please try again in 1m26.4x."), None);
    assert_eq!(millis(&[], "It took 20s. Please try again."), None);
}

#[test]
fn rule_8_unknown_is_not_zero() {
    let headers = [
        ("x-ratelimit-limit-requests", "10"),
        ("x-ratelimit-remaining-requests", "?"),
    ];
    let feedback = refused(&headers, "");
    assert_eq!(feedback.limits[0].remaining, None);
    assert_eq!(feedback.limits[0].reset_at, None);
    assert_eq!(feedback.refused_by(), None);
    assert_eq!(
        refused(&[("x-ratelimit-remaining-requests", "")], "").limits,
        []
    );
}

#[test]
fn rule_9_a_limit_of_zero_is_no_matter_of_pace() {
    let zero = [
        ("x-ratelimit-limit-req-minute", "0"),
        ("x-ratelimit-remaining-req-minute", "0"),
        ("retry-after", "1"),
    ];
    let feedback = refused(&zero, "");
    assert_eq!((feedback.class, feedback.hint), (Class::Quota, None));
    assert_eq!(feedback.limits[0].limit, Some(0));
    let some = [
        ("x-ratelimit-limit-req-minute", "1"),
        ("x-ratelimit-remaining-req-minute", "0"),
    ];
    assert_eq!(refused(&some, "").class, Class::Pace);
}

#[test]
fn rule_10_one_response_speaks_of_several_limits() {
    let headers = [
        ("x-ratelimit-remaining-requests", "1"),
        ("x-ratelimit-limit-tokens", "100"),
        ("x-ratelimit-remaining-project-tokens", "3"),
        ("anthropic-ratelimit-output-tokens-remaining", "4"),
        ("ratelimit", "\"a\";r=5"),
    ];
    let body = "Rate limit reached on tokens per day (TPD): Limit 10, Used 9, Requested 2.";
    let feedback = refused(&headers, body);
    let metrics: Vec<_> = feedback
        .limits
        .iter()
        .map(|reading| reading.metric)
        .collect();
    assert_eq!(
        metrics,
        [
            Metric::Requests,
            Metric::Tokens,
            Metric::ProjectTokens,
            Metric::OutputTokens,
            Metric::Unknown,
            Metric::Tokens,
        ]
    );
    let day = feedback.refused_by().expect("it is blamed");
    assert_eq!((day.window, day.limit), (Some(LimitWindow::DAY), Some(10)));
}

#[test]
fn a_hint_is_not_cut_short() {
    // Others drop what exceeds a minute, and come back when told to stay away longest.
    for seconds in [61, 86_400, 259_200, 31_536_000] {
        let text = seconds.to_string();
        let after = refused(&[("retry-after", &text)], "").retry_after(NOON);
        assert_eq!(after, Some(Duration::from_secs(seconds)));
    }
}
