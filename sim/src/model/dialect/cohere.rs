use paceline_core::Dimension;
use serde_json::json;

use super::{Occasion, Response, State, span, state, window::Window};

/// Cohere with a trial key, as docs.cohere.com/docs/rate-limits has it, 2025-11.
///
/// Answers tell what remains of the calls of a minute, and the limit of a month. Refusals have no headers
/// and say which limit it was, but never when to come back. Production keys get no headers. How what is
/// too large is worded is not known, so it is the 413 of HTTP.
pub(super) fn write(occasion: Occasion, limits: &[State<'_>]) -> Response {
    let (status, message) = match occasion {
        Occasion::Answer => {
            let mut response = Response::of(200);
            if let Some(state) = state(limits, Dimension::Requests, Window::Minute) {
                response.header("x-trial-endpoint-call-limit", state.limit());
                response.header("x-trial-endpoint-call-remaining", state.remaining);
            }
            if let Some(state) = state(limits, Dimension::Requests, Window::Month) {
                response.header("x-endpoint-monthly-call-limit", state.limit());
            }
            return response;
        }
        Occasion::Failure => (500, "internal server error".to_owned()),
        Occasion::Outage => (503, "service unavailable".to_owned()),
        Occasion::Busy { .. } => (429, "too many requests".to_owned()),
        Occasion::Refusal { by, .. } => {
            let message = limits.get(by).map(refusal);
            (
                429,
                message.unwrap_or_else(|| "too many requests".to_owned()),
            )
        }
        Occasion::TooLarge { .. } => (413, "request entity too large".to_owned()),
    };
    Response::with(status, &json!({ "message": message }))
}

fn refusal(state: &State<'_>) -> String {
    let limit = state.limit();
    let window = match state.window().word() {
        Some(word) => word.to_owned(),
        None => span::go(state.rate.quota.period()),
    };
    match state.rate.counts {
        Dimension::Requests => {
            format!("You are using a Trial key, which is limited to {limit} API calls / {window}.")
        }
        _ => format!("trial token rate limit exceeded, limit is {limit} tokens per {window}"),
    }
}
