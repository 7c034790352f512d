use std::time::Duration;

use paceline_core::{Dimension, Timestamp};
use serde_json::{Map, Value, json};

use super::{Occasion, Response, State, moment, window::Window};

/// OpenRouter, as openrouter.ai/docs/api/reference/limits and recorded refusals have it, 2026-05 to
/// 2026-09.
///
/// Only a refusal by a limit of requests has headers, and its body has them once more. When to come back
/// is `x-ratelimit-reset`, in milliseconds since 1970. Before 2001-09-09 such a number is so small that
/// readers take it for seconds, and come back far too late: give scenarios with this dialect a `start`.
/// Too many calls under way are the pool of somebody upstream.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(502, "Provider returned error", None),
        Occasion::Outage => error(503, "No instances available", None),
        Occasion::Busy { .. } => {
            let metadata = json!({ "limit_source": "upstream_provider_shared_pool" });
            error(429, "Provider busy", Some(metadata))
        }
        Occasion::Refusal {
            by, retry_after, ..
        } => refusal(now, limits.get(by), retry_after),
        Occasion::TooLarge { requested, by } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message = format!(
                "This endpoint's maximum context length is {most} tokens. However, you requested about {requested} tokens."
            );
            error(400, &message, None)
        }
    }
}

fn refusal(now: Timestamp, by: Option<&State<'_>>, retry_after: Option<Duration>) -> Response {
    let Some(state) = by.filter(|state| state.rate.counts == Dimension::Requests) else {
        return error(429, "Rate limit exceeded", None);
    };
    let limit = state.limit();
    let message = match state.window() {
        Window::Minute => "Rate limit exceeded: free-models-per-min.".to_owned(),
        Window::Day => "Rate limit exceeded: free-models-per-day.".to_owned(),
        window => match window.word() {
            Some(word) => {
                format!("Rate limit exceeded: limited to {limit} requests per {word}.")
            }
            None => "Rate limit exceeded.".to_owned(),
        },
    };
    let mut headers = vec![
        ("x-ratelimit-limit", "X-RateLimit-Limit", limit.to_string()),
        (
            "x-ratelimit-remaining",
            "X-RateLimit-Remaining",
            state.remaining.to_string(),
        ),
    ];
    if let Some(wait) = retry_after {
        let reset = moment::millis_up(now, wait).to_string();
        headers.push(("x-ratelimit-reset", "X-RateLimit-Reset", reset));
    }
    let again = headers
        .iter()
        .map(|(_, name, value)| ((*name).to_owned(), value.as_str().into()));
    let again: Map<String, Value> = again.collect();
    let metadata = json!({ "headers": again, "provider_name": null });
    let mut response = error(429, &message, Some(metadata));
    for (name, _, value) in headers {
        response.header(name, value);
    }
    response
}

fn error(status: u16, message: &str, metadata: Option<Value>) -> Response {
    let mut error = json!({ "code": status, "message": message });
    if let Some(metadata) = metadata {
        error["metadata"] = metadata;
    }
    Response::with(status, &json!({ "error": error }))
}
