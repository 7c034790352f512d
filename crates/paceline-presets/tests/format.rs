//! What a text may say, and what it may not.

use std::time::Duration;

use paceline_core::{Dimension, LimitWindow, Quota};
use paceline_presets::{Charge, Enforcement, PresetLimit, ProviderPreset, RateLimit};

fn read(head: &str, limit: &str) -> Result<ProviderPreset, String> {
    let text = format!("# Ours\nsource = 'us'\nas_of = '2026-11'\n{head}\n[[limit]]\n{limit}");
    ProviderPreset::read("ours", &text).map_err(|err| err.to_string())
}

fn rate(limit: &str) -> RateLimit {
    let mut preset = read("", limit).expect("it is legal");
    match preset.limits.remove(0) {
        PresetLimit::Rate(rate) => rate,
        PresetLimit::Concurrency(limit) => panic!("{limit} requests at a time"),
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let preset = read("", "counts = 'concurrency'\nlimit = 3").expect("it is legal");
    assert_eq!(
        (preset.name.as_str(), preset.summary.as_str()),
        ("ours", "Ours")
    );
    assert_eq!(preset.charge, Charge::Actual);
    assert!(!preset.refused_calls_count);
    assert_eq!(preset.limits, [PresetLimit::Concurrency(3)]);
}

#[test]
fn charges_have_three_names() {
    for (name, charge) in [
        ("input", Charge::Input),
        ("input+max_tokens", Charge::InputAndMaxTokens),
        ("actual", Charge::Actual),
    ] {
        let head = format!("charge = '{name}'\nrefused_calls_count = true");
        let preset = read(&head, "counts = 'concurrency'\nlimit = 3").expect("it is legal");
        assert_eq!((preset.charge, preset.refused_calls_count), (charge, true));
    }
}

#[test]
fn a_limit_has_a_dimension_a_window_and_an_enforcement() {
    let zone = |zone: &str| Enforcement::Calendar {
        zone: zone.to_owned(),
    };
    let span = |seconds| LimitWindow::Span(Duration::from_secs(seconds));
    for (text, counts, window, enforcement) in [
        (
            "counts = 'requests'\nper = 'second'\nkind = 'gcra'",
            Dimension::Requests,
            span(1),
            Enforcement::Gcra { burst: 7 },
        ),
        (
            "counts = 'tokens'\nper = 'minute'\nkind = 'token-bucket'\nburst = 2",
            Dimension::Tokens,
            span(60),
            Enforcement::TokenBucket { burst: 2 },
        ),
        (
            "counts = 'input_tokens'\nper = 'hour'\nkind = 'sliding-log'",
            Dimension::InputTokens,
            span(3_600),
            Enforcement::SlidingLog,
        ),
        (
            "counts = 'output_tokens'\nper = 'month'\nkind = 'fixed-window'",
            Dimension::OutputTokens,
            span(2_592_000),
            Enforcement::FixedWindow,
        ),
        (
            "counts = 'requests'\nper = 'day'\nkind = 'calendar'\nzone = 'Asia/Kolkata'",
            Dimension::Requests,
            span(86_400),
            zone("Asia/Kolkata"),
        ),
        (
            "counts = 'requests'\nper = 'month'\nkind = 'calendar'",
            Dimension::Requests,
            LimitWindow::Month,
            zone("UTC"),
        ),
        (
            "counts = 'requests'\nperiod_s = 10\nkind = 'sliding-log'",
            Dimension::Requests,
            span(10),
            Enforcement::SlidingLog,
        ),
    ] {
        let rate = rate(&format!("limit = 7\n{text}"));
        let expected = RateLimit {
            counts,
            limit: 7,
            window,
            enforcement,
        };
        assert_eq!(rate, expected, "{text}");
    }
}

#[test]
fn a_quota_has_the_burst_of_a_bucket_and_a_month_of_thirty_days() {
    let quota = |text: &str| rate(text).quota().expect("it was read");
    let tokens = "counts = 'tokens'\nper = 'minute'";
    let bursty = quota(&format!("{tokens}\nlimit = 60\nkind = 'gcra'\nburst = 5"));
    assert_eq!(Ok(bursty), Quota::per_minute(60).with_burst(5));
    let log = quota(&format!("{tokens}\nlimit = 60\nkind = 'sliding-log'"));
    assert_eq!(log, Quota::per_minute(60));
    let disabled = quota(&format!("{tokens}\nlimit = 0\nkind = 'token-bucket'"));
    assert_eq!(disabled, Quota::per_minute(0));
    let month = quota("counts = 'tokens'\nper = 'month'\nlimit = 60\nkind = 'calendar'");
    assert_eq!(month.period(), Duration::from_secs(30 * 86_400));
}

#[test]
fn the_simulators_fields_are_allowed_and_no_others() {
    let limit = "counts = 'concurrency'\nlimit = 3";
    for field in [
        "dialect = 'generic'",
        "retry_after = 'seconds'",
        "first_token.fixed_s = 1.5",
        "per_output_token.lognormal = { median_s = 1, sigma = 2 }",
        "refusal_s = 0.05",
        "error_rate = 0.002",
        "outage = [{ from_s = 1, to_s = 2 }]",
    ] {
        assert!(read(field, limit).is_ok(), "{field}");
        let unknown = field.replacen(['.', ' '], "s = ", 1);
        assert!(read(&unknown, limit).is_err(), "{unknown}");
    }
    let err = read("charges = 'input'", limit).expect_err("a typo");
    assert!(
        err.contains("preset `ours`") && err.contains("line 4"),
        "{err}"
    );
    assert!(err.contains("unknown field `charges`"), "{err}");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let minute = "limit = 7\ncounts = 'requests'\nper = 'minute'\n";
    for (limit, expected) in [
        (
            "limit = 7\ncounts = 'concurrency'\nkind = 'gcra'",
            "nothing else",
        ),
        (
            "limit = 7\ncounts = 'concurrency'\nper = 'day'",
            "nothing else",
        ),
        (
            "limit = 7\ncounts = 'concurrency'\nperiod_s = 1",
            "nothing else",
        ),
        (
            "limit = 7\ncounts = 'concurrency'\nburst = 1",
            "nothing else",
        ),
        (
            "limit = 7\ncounts = 'concurrency'\nzone = 'UTC'",
            "nothing else",
        ),
        (
            "limit = 7\ncounts = 'requests'\nkind = 'gcra'",
            "expected either",
        ),
        (
            "limit = 7\ncounts = 'requests'\nkind = 'gcra'\nperiod_s = 0",
            "nonzero",
        ),
        (
            "limit = 7\ncounts = 'requests'\nkind = 'gcra'\nperiod_s = 20_000_000_000",
            "584",
        ),
        (
            "limit = 7\ncounts = 'requests'\nkind = 'calendar'\nperiod_s = 60",
            "calendar",
        ),
        (
            "limit = 7\ncounts = 'requests'\nkind = 'calendar'\nper = 'second'",
            "calendar",
        ),
        (
            "limit = -7\ncounts = 'requests'\nkind = 'gcra'\nper = 'day'",
            "u64",
        ),
        (minute, "expected `kind`"),
        (
            &format!("{minute}period_s = 60\nkind = 'gcra'"),
            "expected either",
        ),
        (&format!("{minute}kind = 'gcra'\nburst = 0"), "at least 1"),
        (
            &format!("{minute}kind = 'sliding-log'\nburst = 3"),
            "`burst` belongs",
        ),
        (
            &format!("{minute}kind = 'gcra'\nzone = 'UTC'"),
            "`zone` belongs",
        ),
        (
            &format!("{minute}kind = 'gcra'\nwindow_safe = true"),
            "unknown field",
        ),
    ] {
        let err = read("", limit).expect_err(limit);
        assert!(err.contains(expected), "{limit}: {err}");
    }
}

#[test]
fn a_preset_says_what_it_is_whence_it_comes_and_of_when() {
    let read = |text: &str| ProviderPreset::read("ours", text);
    assert!(read("# Ours\nsource = 'us'\nas_of = '2026-11'").is_ok());
    for text in [
        "source = 'us'\nas_of = '2026-11'",
        "#\nsource = 'us'\nas_of = '2026-11'",
        "# Ours\nas_of = '2026-11'",
        "# Ours\nsource = ''\nas_of = '2026-11'",
        "# Ours\nsource = 'us'",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let dated = |date: &str| read(&format!("# Ours\nsource = 'us'\nas_of = '{date}'")).is_ok();
    for date in ["2026", "2026-01", "2026-12", "2026-12-01", "2026-12-31"] {
        assert!(dated(date), "{date}");
    }
    for date in [
        "",
        "26",
        "1999",
        "2026-",
        "2026-00",
        "2026-13",
        "2026-1",
        "2026-+1",
        "2026-12-00",
        "2026-12-32",
        "2026-12-1",
        "2026-12-01-01",
        "December 2026",
        "2026-01..03",
    ] {
        assert!(!dated(date), "{date}");
    }
}
