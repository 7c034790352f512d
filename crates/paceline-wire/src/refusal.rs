//! Which limit refused the request, as the body says it.

use alloc::vec::Vec;

use paceline_core::{LimitReading, LimitWindow, Metric};

use crate::{body::Body, limiter_name, number::decimal, sentence};

/// The limits that a body says refused the request; Google may name several.
pub(crate) fn read(body: &Body, limiter: Option<&str>) -> Vec<LimitReading> {
    let mut told = sentence::read(&body.text);
    if let Some(limiter) = limiter {
        let (metric, window) = limiter_name::read(limiter);
        told.window = told.window.or(window);
        if told.metric == Metric::Unknown {
            told.metric = metric;
        }
    }
    if told.metric == Metric::Unknown {
        told.metric = metric_of_codes(body);
    }
    told.refused = true;
    if body.violations.is_empty() {
        let speaks = told.metric != Metric::Unknown
            || told.window.is_some()
            || told.limit.is_some()
            || told.requested.is_some();
        return if speaks {
            Vec::from([told])
        } else {
            Vec::new()
        };
    }
    let only = body.violations.len() == 1;
    let violations = body.violations.iter().map(|violation| {
        let (metric, window) = limiter_name::read(&violation.id);
        let mut reading = LimitReading::of(metric);
        if metric == Metric::Unknown {
            reading.metric = limiter_name::read(&violation.metric).0;
        }
        reading.window = window;
        reading.limit = decimal(violation.value.trim());
        if only {
            reading.limit = reading.limit.or(told.limit);
        }
        reading.refused = true;
        reading
    });
    violations.collect()
}

/// What the words for machines say was counted.
fn metric_of_codes(body: &Body) -> Metric {
    let code = |parts: &[&str]| {
        let mut codes = body.codes.iter();
        codes.any(|code| parts.iter().any(|part| code.contains(part)))
    };
    if code(&["concurren"]) {
        Metric::Concurrency
    } else if code(&["uncachedinputtoken"]) {
        Metric::UncachedInputTokens
    } else if code(&["inputtoken"]) {
        Metric::InputTokens
    } else if code(&["outputtoken"]) {
        Metric::OutputTokens
    } else if body.has_code(&["tokens"])
        || code(&[
            "tokenlimit",
            "tokenquota",
            "toomanytokens",
            "tokenratelimit",
        ])
    {
        Metric::Tokens
    } else if body.has_code(&["requests"])
        || code(&[
            "requestlimited",
            "requestquota",
            "requestratelimit",
            "requestsratelimit",
        ])
    {
        Metric::Requests
    } else {
        Metric::Unknown
    }
}

/// Whether waiting `wait_s` nanoseconds is what a limit takes to refill as far as the request needs.
///
/// Then it refills all the time, and a limit of a day is a matter of pace as well.
pub(crate) fn refills(reading: &LimitReading, wait: u128) -> bool {
    let (Some(LimitWindow::Span(window)), Some(limit)) = (reading.window, reading.limit) else {
        return false;
    };
    let missing = match (reading.used, reading.requested) {
        (Some(used), Some(requested)) => used.saturating_add(requested).saturating_sub(limit),
        // One request needs one cell; how many tokens are missing is unknown.
        _ if reading.metric == Metric::Tokens => return false,
        _ => 1,
    };
    // Below 2^64 * 2^64.
    let refill = window.as_nanos().saturating_mul(u128::from(missing)) / u128::from(limit.max(1));
    // A hundredth, since what is written is rounded; and a second, where it is whole ones.
    wait.abs_diff(refill) <= (refill / 100).max(SECOND)
}

const SECOND: u128 = 1_000_000_000;
