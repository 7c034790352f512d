use paceline_core::{Dimension, Timestamp};
use serde_json::json;

use super::{Occasion, Response, State, openai_like, span, state, window::Window};

/// Groq, as console.groq.com/docs/rate-limits and recorded responses have it, 2026-07.
///
/// The headers are OpenAI's, but count the requests of a day and the tokens of a minute; all other limits
/// appear only in the sentence of a refusal. `retry-after` is in whole seconds, the sentence in
/// milliseconds. What is larger than a limit is a 413. There is no limit on calls under way.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(500, "Internal Server Error", "internal_server_error", None),
        Occasion::Outage => {
            return error(503, "Service Unavailable", "internal_server_error", None);
        }
        Occasion::Busy { .. } => {
            let code = Some("rate_limit_exceeded");
            error(429, "Too many concurrent requests.", "requests", code)
        }
        Occasion::Refusal {
            requested,
            by,
            retry_after,
        } => {
            let (kind, message) =
                openai_like::reached(limits.get(by), requested, retry_after, "minute");
            let mut response = error(429, &message, kind, Some("rate_limit_exceeded"));
            if let Some(wait) = retry_after {
                response.header("retry-after", span::seconds_up(wait));
            }
            response
        }
        Occasion::TooLarge { requested, by } => {
            let (kind, message) = openai_like::too_large(limits.get(by), requested, "minute");
            error(413, &message, kind, Some("rate_limit_exceeded"))
        }
    };
    if let Some(state) = state(limits, Dimension::Requests, Window::Day) {
        openai_like::requests(&mut response, state, openai_like::go_reset(now, state));
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        openai_like::tokens(&mut response, state, openai_like::go_reset(now, state));
    }
    response
}

fn error(status: u16, message: &str, kind: &str, code: Option<&str>) -> Response {
    let mut error = json!({ "message": message, "type": kind });
    if let Some(code) = code {
        error["code"] = code.into();
    }
    Response::with(status, &json!({ "error": error }))
}
