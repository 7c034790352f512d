//! Our own responses in every dialect, made from the documented formats: readings must match exactly.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use paceline_core::{Class, Feedback, HintSource, LimitReading, LimitWindow, Metric, Timestamp};
use paceline_wire::{pairs, read, read_event};
use serde::Deserialize;

/// When every response arrives: 2026-11-24T12:00:00Z.
const NOON: Timestamp = Timestamp::from_nanos(1_795_521_600_000_000_000);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Missing for an event of a stream.
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    class: String,
    retry_after_ms: Option<i64>,
    source: Option<String>,
    #[serde(default)]
    near_limit: bool,
    cost: Option<u64>,
    should_retry: Option<bool>,
    #[serde(default)]
    limits: Vec<Limit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    metric: Option<String>,
    name: Option<String>,
    window_s: Option<u64>,
    #[serde(default)]
    month: bool,
    limit: Option<u64>,
    remaining: Option<u64>,
    used: Option<u64>,
    used_millionths: Option<u32>,
    requested: Option<u64>,
    /// Counted from the arrival; below zero if it is over.
    reset_ms: Option<i64>,
    #[serde(default)]
    refused: bool,
}

#[test]
fn every_vector_is_read_exactly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut wrong = Vec::new();
    let mut cases = 0;
    for entry in fs::read_dir(folder).expect("vectors ship") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let file: File =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in file.case {
            cases += 1;
            let headers: Vec<_> = case.headers.iter().collect();
            let feedback = match case.status {
                Some(status) => read(status, pairs(&headers), case.body.as_bytes(), NOON),
                None => read_event(case.body.as_bytes(), NOON),
            };
            let wanted = wanted(&case.expect);
            if feedback != wanted {
                let path = path.display();
                wrong.push(format!(
                    "{path}: {}: {feedback:#?}\nand not {wanted:#?}",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 100, "{cases}");
}

fn wanted(expect: &Expect) -> Feedback {
    let classes = [
        Class::Ok,
        Class::Pace,
        Class::Quota,
        Class::Billing,
        Class::Overload,
        Class::TooLarge,
        Class::Other,
    ];
    let mut classes = classes.into_iter();
    let class = classes.find(|class| class.to_string() == expect.class);
    let mut feedback = Feedback::new(class.expect("a class"));
    feedback.near_limit = expect.near_limit;
    feedback.cost = expect.cost;
    feedback.should_retry = expect.should_retry;
    feedback.limits = expect.limits.iter().map(reading).collect();
    feedback.hint = expect.retry_after_ms.map(|millis| paceline_core::Hint {
        at: after(millis),
        source: source(expect.source.as_deref().expect("a source")),
    });
    feedback
}

fn reading(limit: &Limit) -> LimitReading {
    let mut reading = LimitReading::of(match limit.metric.as_deref() {
        None => Metric::Unknown,
        Some("requests") => Metric::Requests,
        Some("tokens") => Metric::Tokens,
        Some("input") => Metric::InputTokens,
        Some("uncached") => Metric::UncachedInputTokens,
        Some("output") => Metric::OutputTokens,
        Some("project") => Metric::ProjectTokens,
        Some("concurrency") => Metric::Concurrency,
        Some(other) => panic!("unknown metric {other}"),
    });
    reading.name = limit.name.clone();
    reading.window = limit
        .window_s
        .map(|seconds| LimitWindow::Span(Duration::from_secs(seconds)));
    if limit.month {
        reading.window = Some(LimitWindow::Month);
    }
    reading.limit = limit.limit;
    reading.remaining = limit.remaining;
    reading.used = limit.used;
    reading.used_millionths = limit.used_millionths;
    reading.requested = limit.requested;
    reading.reset_at = limit.reset_ms.map(after);
    reading.refused = limit.refused;
    reading
}

fn after(millis: i64) -> Timestamp {
    let span = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 {
        NOON.saturating_sub(span)
    } else {
        NOON.saturating_add(span)
    }
}

fn source(name: &str) -> HintSource {
    match name {
        "retry-after-ms" => HintSource::RetryAfterMs,
        "retry-after" => HintSource::RetryAfter,
        "structured" => HintSource::Structured,
        "prose" => HintSource::Prose,
        "reset" => HintSource::Reset,
        other => panic!("unknown source {other}"),
    }
}
