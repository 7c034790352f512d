use paceline_core::{Dimension, Timestamp};
use serde_json::json;

use super::{Occasion, Response, State, span, state, window::Window};

/// Cerebras, as inference-docs.cerebras.ai/support/rate-limits has it, 2026-03, and recorded refusals.
///
/// Headers tell of the requests of a day and the tokens of a minute, and reset in seconds with a
/// fraction. A refusal names its limit in a sentence, and never says when to come back. Too many calls
/// under way are a queue that is full.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => {
            let message = "Encountered a server error.";
            error(500, message, "server_error", None)
        }
        Occasion::Outage => {
            let message = "Service unavailable.";
            return error(503, message, "server_error", None);
        }
        Occasion::Busy { .. } => {
            let message = "We're experiencing high traffic right now!";
            let code = Some(("queue", "queue_exceeded"));
            error(429, message, "too_many_requests_error", code)
        }
        Occasion::Refusal { by, .. } => refusal(limits.get(by)),
        Occasion::TooLarge { requested, by } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message = format!(
                "Please reduce the length of the messages or completion. Current length is {requested} while limit is {most}"
            );
            let code = Some(("messages", "context_length_exceeded"));
            error(400, &message, "invalid_request_error", code)
        }
    };
    if let Some(state) = state(limits, Dimension::Requests, Window::Day) {
        response.header("x-ratelimit-limit-requests-day", state.limit());
        response.header("x-ratelimit-remaining-requests-day", state.remaining);
        let reset = span::seconds(state.full_in(now));
        response.header("x-ratelimit-reset-requests-day", reset);
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        response.header("x-ratelimit-limit-tokens-minute", state.limit());
        response.header("x-ratelimit-remaining-tokens-minute", state.remaining);
        let reset = span::seconds(state.full_in(now));
        response.header("x-ratelimit-reset-tokens-minute", reset);
    }
    response
}

/// The type and the code are the same for every window.
fn refusal(by: Option<&State<'_>>) -> Response {
    let window = by.map_or_else(
        || "minute".to_owned(),
        |state| match state.window().word() {
            Some(word) => word.to_owned(),
            None => span::go(state.rate.quota.period()),
        },
    );
    let counts = by.map_or(Dimension::Requests, |state| state.rate.counts);
    let (counted, many, kind, code) = match counts {
        Dimension::Requests => (
            "Requests",
            "too many requests sent",
            "too_many_requests_error",
            "request_quota_exceeded",
        ),
        _ => (
            "Tokens",
            "too many tokens processed",
            "too_many_tokens_error",
            "token_quota_exceeded",
        ),
    };
    let message = format!("{counted} per {window} limit exceeded - {many}.");
    error(429, &message, kind, Some(("quota", code)))
}

/// Bodies are flat.
fn error(status: u16, message: &str, kind: &str, code: Option<(&str, &str)>) -> Response {
    let (param, code) = code.unzip();
    let body = json!({ "message": message, "type": kind, "param": param, "code": code });
    Response::with(status, &body)
}
