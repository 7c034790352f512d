//! What holds for any input.

use std::time::Duration;

use paceline_core::{Class, Feedback, HintSource, LimitWindow, Timestamp};
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

    #[test]
    fn durations_are_read_to_the_millisecond(
        days in 0..20_u64, hours in 0..24_u64, minutes in 0..60_u64, millis in 0..60_000_u64,
    ) {
        let mut text = String::new();
        for (count, unit) in [(days, 'd'), (hours, 'h'), (minutes, 'm')] {
            if count > 0 {
                text += &format!("{count}{unit}");
            }
        }
        text += &format!("{}.{:03}s", millis / 1_000, millis % 1_000);
        let millis = ((days * 24 + hours) * 60 + minutes) * 60_000 + millis;
        let wanted = Some(Duration::from_millis(millis));
        let headers = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", &*text)];
        prop_assert_eq!(read(429, pairs(&headers), b"", NOON).retry_after(NOON), wanted);
        let prose = format!("Please try again in {text}. Bye.");
        prop_assert_eq!(read(429, pairs::<&str, &str>(&[]), prose.as_bytes(), NOON).retry_after(NOON), wanted);
        // Any letter more, and it is nothing.
        let prose = format!("Please try again in {text}x. Bye.");
        prop_assert_eq!(read(429, pairs::<&str, &str>(&[]), prose.as_bytes(), NOON).hint, None);
    }

    #[test]
    fn moments_are_read_to_the_second_in_every_form(seconds in 0..18_000_000_000_u64) {
        let at = Timestamp::from_nanos(seconds * 1_000_000_000);
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let name = MONTHS[usize::try_from(month - 1).expect("a month")];
        let mut forms = vec![
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
            format!("Xyz, {day:02} {name} {year} {hour:02}:{minute:02}:{second:02} GMT"),
            format!("Xyz {name} {day:2} {hour:02}:{minute:02}:{second:02} {year}"),
        ];
        if (1_977..=2_076).contains(&year) {
            let year = year % 100;
            forms.push(format!("Friday, {day:02}-{name}-{year:02} {hour:02}:{minute:02}:{second:02} GMT"));
        }
        if seconds > 1_000_000_000 {
            forms.push(seconds.to_string());
            forms.push(format!("{seconds}000"));
        }
        for form in forms {
            let feedback = read(429, pairs(&[("retry-after", &form)]), b"", NOON);
            prop_assert_eq!(feedback.hint.map(|hint| hint.at), Some(at), "{}", form);
        }
    }

    #[test]
    fn a_refill_tells_the_window(limit in 1..2_000_000_u64, used in any::<u64>(), day in any::<bool>()) {
        let used = 1 + used % limit;
        let window = if day { 86_400_000 } else { 60_000 };
        let reset = u128::from(used) * window / u128::from(limit);
        let reset = format!("{}ms", reset);
        let (limit, remaining) = (limit.to_string(), (limit - used).to_string());
        let headers = [
            ("x-ratelimit-limit-requests", &limit),
            ("x-ratelimit-remaining-requests", &remaining),
            ("x-ratelimit-reset-requests", &reset),
        ];
        let window = if day { LimitWindow::DAY } else { LimitWindow::MINUTE };
        // A few milliseconds fit both.
        let feedback = read(200, pairs(&headers), b"", NOON);
        if reset.len() > "00ms".len() {
            prop_assert_eq!(feedback.limits[0].window, Some(window));
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Year, month and day, by eras of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}
