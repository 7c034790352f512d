//! Samples of what providers sent, where they are at hand: every reading must be as expected.

use std::{fs, path::Path, time::Duration};

use paceline_core::{Class, Feedback, LimitReading, LimitWindow, Metric, Timestamp};
use paceline_wire::{pairs, read};
use serde_json::Value;

#[test]
fn every_sample_is_read_as_expected_where_they_are_at_hand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/wire_samples.json");
    let Ok(text) = fs::read(path) else {
        return;
    };
    let samples: Vec<Value> = serde_json::from_slice(&text).expect("the samples are JSON");
    let mut wrong = Vec::new();
    // What is read must not depend on when: before all the dates in the samples, and after them.
    for received_at in ["1999-01-01", "2200-01-01"].map(date) {
        for (at, sample) in samples.iter().enumerate() {
            let known = sample["provider"].as_str().expect("a name");
            if let Err(error) = check(sample, received_at) {
                wrong.push(format!("{at} {known}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(samples.len() >= 57);
}

fn check(sample: &Value, received_at: Timestamp) -> Result<(), String> {
    let headers: Vec<(&String, &str)> = sample["headers"]
        .as_object()
        .expect("headers")
        .iter()
        .map(|(name, value)| (name, value.as_str().expect("text")))
        .collect();
    let body = match &sample["body"] {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let status = sample["status"].as_u64().expect("a status");
    let status = u16::try_from(status).expect("a status");
    let feedback = read(status, pairs(&headers), body.as_bytes(), received_at);
    let expect = &sample["expect"];
    if sample["expect"]["in_stream"] == true {
        let event = paceline_wire::read_event(body.as_bytes(), received_at);
        same("stream", &event, &feedback)?;
    }
    class(expect, &feedback)?;
    hint(expect, &feedback, received_at)?;
    cause(expect, &feedback, sample["provider"] == "deepseek")?;
    let empty = Vec::new();
    for wanted in expect["limits"].as_array().unwrap_or(&empty) {
        let found = |reading: &&LimitReading| limit(wanted, reading, received_at);
        if !feedback.limits.iter().any(|reading| found(&reading)) {
            return Err(format!("{wanted} is not in {:#?}", feedback.limits));
        }
    }
    let wanted = expect["limits"].as_array().map_or(0, Vec::len);
    if wanted > 0 {
        same("limits", &feedback.limits.len(), &wanted)?;
    }
    for (name, share) in expect["windows"].as_object().into_iter().flatten() {
        let mut limits = feedback.limits.iter();
        let reading = limits.find(|reading| reading.name.as_ref() == Some(name));
        let millionths = reading.and_then(|reading| reading.used_millionths);
        let found = millionths.map(|share| f64::from(share) / 1e6);
        same("share", &found, &share.as_f64())?;
    }
    if let Some(cost) = expect["cost"].as_u64() {
        same("cost", &feedback.cost, &Some(cost))?;
    }
    let near = expect["near_limit"] == true;
    same("near limit", &feedback.near_limit, &near)
}

fn class(expect: &Value, feedback: &Feedback) -> Result<(), String> {
    let wanted = match expect["cls"].as_str() {
        None => return Ok(()),
        Some("ok") => Class::Ok,
        Some("rate_limit") => Class::Pace,
        Some("quota_exhausted") => Class::Quota,
        Some("billing") => Class::Billing,
        Some("overloaded") => Class::Overload,
        Some("too_large") => Class::TooLarge,
        Some(other) => return Err(format!("unknown class {other}")),
    };
    same("class", &feedback.class, &wanted)?;
    match expect["retryable"].as_bool() {
        Some(wanted) => same("retryable", &feedback.class.is_transient(), &wanted),
        None => Ok(()),
    }
}

fn hint(expect: &Value, feedback: &Feedback, received_at: Timestamp) -> Result<(), String> {
    if let Some(millis) = expect["retry_after_ms"].as_u64() {
        let wanted = Some(Duration::from_millis(millis));
        same("retry_after", &feedback.retry_after(received_at), &wanted)?;
    } else if expect.get("retry_after_ms").is_some() {
        same("hint", &feedback.hint, &None)?;
    }
    let Some(at) = expect["resume_at"].as_str() else {
        return Ok(());
    };
    // Beside a `retry-after` it is when the limit resets.
    let resets = feedback
        .limits
        .iter()
        .filter_map(|reading| reading.reset_at);
    let mut known = resets.chain(feedback.hint.map(|hint| hint.at));
    let at = date(at);
    known
        .any(|known| known == at)
        .then_some(())
        .ok_or_else(|| format!("nothing resumes at {at:?}: {feedback:#?}"))
}

fn cause(expect: &Value, feedback: &Feedback, unsaid: bool) -> Result<(), String> {
    // Who knows no more than this response cannot know that DeepSeek counts calls in flight.
    if unsaid
        || !["which", "limit", "window"]
            .iter()
            .any(|key| expect.get(key).is_some())
    {
        return Ok(());
    }
    let reading = feedback.refused_by().ok_or("nothing refused it")?;
    if let Some(which) = expect["which"].as_str() {
        same("which", &reading.metric, &metric(which))?;
    }
    for (name, found) in [
        ("limit", reading.limit),
        ("used", reading.used),
        ("requested", reading.requested),
    ] {
        if let Some(wanted) = expect[name].as_u64() {
            same(name, &found, &Some(wanted))?;
        }
    }
    match expect["window"].as_str() {
        Some(name) => same("window", &reading.window, &window(name)),
        None => Ok(()),
    }
}

/// Whether a reading is the one that is wanted; null is anything.
fn limit(wanted: &Value, reading: &LimitReading, received_at: Timestamp) -> bool {
    let metrics = wanted["metric"]
        .as_str()
        .is_none_or(|name| metric(name) == reading.metric);
    let names = wanted["name"]
        .as_str()
        .is_none_or(|name| reading.name.as_deref() == Some(name));
    let windows = wanted["window"]
        .as_str()
        .is_none_or(|name| window(name) == reading.window);
    let resets = wanted["reset_ms"].as_u64().is_none_or(|millis| {
        let after = reading
            .reset_at
            .map(|at| at.saturating_duration_since(received_at));
        after.is_some_and(|after| after.abs_diff(Duration::from_millis(millis)) < MILLI)
    });
    let counts = [("limit", reading.limit), ("remaining", reading.remaining)]
        .into_iter()
        .all(|(name, found)| {
            wanted[name]
                .as_u64()
                .is_none_or(|count| found == Some(count))
        });
    metrics && names && windows && resets && counts
}

const MILLI: Duration = Duration::from_millis(1);

fn metric(name: &str) -> Metric {
    match name {
        "requests" => Metric::Requests,
        "tokens" => Metric::Tokens,
        "project-tokens" => Metric::ProjectTokens,
        "input-tokens" => Metric::InputTokens,
        "uncached-input-tokens" => Metric::UncachedInputTokens,
        "output-tokens" => Metric::OutputTokens,
        "concurrency" => Metric::Concurrency,
        other => panic!("unknown metric {other}"),
    }
}

fn window(name: &str) -> Option<LimitWindow> {
    Some(match name {
        "unknown" => return None,
        "second" => LimitWindow::SECOND,
        "minute" => LimitWindow::MINUTE,
        "hour" => LimitWindow::HOUR,
        "day" => LimitWindow::DAY,
        "month" => LimitWindow::Month,
        seconds => {
            let seconds = seconds.strip_suffix('s').expect("seconds");
            LimitWindow::Span(Duration::from_secs(seconds.parse().expect("a number")))
        }
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what} is {found:?} and not {wanted:?}"))
}

/// A date, read by the parser's own means: as if an error in a stream named it.
fn date(text: &str) -> Timestamp {
    let text = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let event =
        format!("{{\"error\":{{\"resets_at\":\"{text}\",\"code\":\"rate_limit_exceeded\"}}}}");
    let feedback = paceline_wire::read_event(event.as_bytes(), Timestamp::EPOCH);
    feedback.hint.expect("it is a date").at
}
