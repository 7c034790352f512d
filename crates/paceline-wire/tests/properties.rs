//! What holds for any input.

use std::time::Duration;

use paceline_core::{Class, Feedback, HintSource, Timestamp};
use paceline_wire::{pairs, read, read_event};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config};

const NOON: Timestamp = Timestamp::from_nanos(1_795_521_600_000_000_000);

fn config() -> Config {
    Config {
        failure_persistence: None,
        cases: 1_024,
        ..Config::default()
    }
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&[
        "retry-after",
        "retry-after-ms",
        "x-ms-retry-after-ms",
        "date",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-limit-req-minute",
        "x-ratelimit-remaining-req-minute",
        "x-ratelimit-reset-requests-day",
        "x-ratelimit-remaining-requests-day",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
        "anthropic-ratelimit-unified-status",
        "anthropic-ratelimit-unified-reset",
        "anthropic-ratelimit-unified-5h-utilization",
        "ratelimit",
        "ratelimit-policy",
        "ratelimit-limit",
        "ratelimit-reset",
        "x-ratelimit-type",
        "x-amzn-errortype",
    ])
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,3}",
        "-?[0-9]{1,22}(\\.[0-9]{0,12})?",
        "([0-9]{1,4}(\\.[0-9]{1,4})?(ms|s|m|h|d|µs|x)){1,3}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z|\\+01:00)?",
        "(Mon, |Monday, |Mon )[0-3][0-9] (Jan|Feb) 20[0-9]{2} [0-2][0-9]:[0-5][0-9]:00 GMT",
        "\"?[a-z]{1,4}\"?(;[qwrt]=[0-9]{1,16}){0,3}(, ?[0-9]{1,4};w=[0-9]{1,4})?",
        select(&[
            "",
            "NaN",
            "inf",
            "1e400",
            "rejected",
            "allowed_warning",
            "yes",
            "-",
            "٣",
            "UserByDay"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    vec((name(), value()), 0..10)
}

fn body() -> impl Strategy<Value = String> {
    let word = select(&[
        "rate limit reached",
        "Limit",
        "Used",
        "Requested",
        "30000,",
        "12",
        "per day",
        "per",
        "min",
        "/",
        "(TPM):",
        "try again in",
        "1m2.3s.",
        "5 seconds",
        "retry after",
        "tokens",
        "requests",
        "of",
        "regain access on",
        "2027-01-01 at 00:00 UTC",
        "high demand",
        "daily limit",
        "too large",
        "80,000",
        "free-models-per-day",
        "\u{1f980}",
        "-",
        "99999999999999999999",
    ]);
    let text = vec(word, 0..12).prop_map(|words| words.join(" "));
    let key = select(&[
        "error",
        "message",
        "type",
        "code",
        "status",
        "details",
        "retryDelay",
        "quotaId",
        "headers",
        "metadata",
        "violations",
        "retry_after",
        "resets_at",
        "object",
        "response",
        "other",
    ]);
    let leaf = prop_oneof![
        text.clone().prop_map(|text| format!("{text:?}")),
        value().prop_map(|text| serde_json::to_string(&text).expect("text")),
        select(&[
            "null",
            "true",
            "429",
            "-1",
            "1e300",
            "\"insufficient_quota\"",
            "\"error\"",
            "38.5"
        ])
        .prop_map(str::to_owned),
    ];
    let json = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec((key.clone(), inner.clone()), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, v)| format!("\"{key}\":{v}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
            vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    });
    let event = json
        .clone()
        .prop_map(|json| format!("event: x\ndata: {json}\n\n"));
    prop_oneof![json, text, event]
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        select(&[200_u16, 400, 402, 403, 413, 429, 500, 503, 529]),
        any::<u16>()
    ]
}

/// What holds of every feedback.
fn check(feedback: &Feedback) -> Result<(), TestCaseError> {
    if matches!(feedback.class, Class::Ok | Class::TooLarge | Class::Billing) {
        prop_assert_eq!(feedback.hint, None, "no wait cures this");
    }
    if feedback.class == Class::Ok {
        prop_assert!(
            feedback
                .limits
                .iter()
                .filter(|l| l.refused)
                .all(|l| l.name.is_some())
        );
    } else {
        prop_assert!(!feedback.near_limit);
    }
    if let Some(hint) = feedback.hint
        && hint.source == HintSource::Reset
    {
        let mut resets = feedback.limits.iter().filter(|l| l.is_exhausted());
        prop_assert!(resets.any(|l| l.reset_at == Some(hint.at)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read(
        status in any::<u16>(), body in vec(any::<u8>(), 0..300), header in "[ -~]{0,40}", name in name(),
    ) {
        check(&read(status, pairs(&[(name, header)]), &body, NOON))?;
        check(&read_event(&body, NOON))?;
    }

    #[test]
    fn any_structured_response_is_read(
        status in status(), headers in headers(), body in body(), cut in any::<prop::sample::Index>(),
        at in any::<u64>(),
    ) {
        let at = Timestamp::from_nanos(at);
        check(&read(status, pairs(&headers), body.as_bytes(), at))?;
        check(&read_event(body.as_bytes(), at))?;
        // A body may be cut off anywhere, even within a letter.
        let cut = cut.index(body.len() + 1);
        check(&read(status, pairs(&headers), &body.as_bytes()[..cut], at))?;
    }

    #[test]
    fn the_case_of_names_and_white_space_around_values_do_not_matter(
        status in status(), headers in headers(), body in body(),
    ) {
        // White space is what HTTP takes it for; a structured field allows no tab before it.
        let loud: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_uppercase(), format!("  {value} ")))
            .collect();
        prop_assert_eq!(
            read(status, pairs(&headers), body.as_bytes(), NOON),
            read(status, pairs(&loud), body.as_bytes(), NOON)
        );
    }

    #[test]
    fn a_later_arrival_moves_spans_and_nothing_else(
        body in body(), headers in headers(), later in 0..86_400_u64,
    ) {
        // With a date of its own, a response reads the same at any time.
        let mut headers = headers;
        headers.insert(0, ("date", "Tue, 24 Nov 2026 12:00:00 GMT".to_owned()));
        let at = NOON.saturating_add(Duration::from_secs(later));
        let now = read(429, pairs(&headers), body.as_bytes(), NOON);
        let then = read(429, pairs(&headers), body.as_bytes(), at);
        let after = |hint: Option<paceline_core::Hint>, at: Timestamp| {
            hint.map(|hint| hint.at.saturating_duration_since(at))
        };
        prop_assert_eq!(now.class, then.class);
        prop_assert_eq!(after(now.hint, NOON), after(then.hint, at));
    }
}

#[test]
fn no_more_than_a_handful_of_violations_is_kept() {
    let one = |n| format!("{{\"quotaId\":\"RequestsPerMinute\",\"quotaValue\":\"{n}\"}}");
    let many: Vec<_> = (1..1_000).map(one).collect();
    let body = format!("{{\"error\":{{\"violations\":[{}]}}}}", many.join(","));
    let feedback = read(429, pairs::<&str, &str>(&[]), body.as_bytes(), NOON);
    assert_eq!(feedback.limits.len(), 64);
}
