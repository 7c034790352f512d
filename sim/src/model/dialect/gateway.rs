use paceline_core::{Dimension, Timestamp};
use serde_json::json;

use super::{Occasion, Response, State, generic, openai_like, span, state, window::Window};

/// A company's gateway: `x-ratelimit-*` of requests and tokens a minute on every response, with resets in
/// seconds, and on refusals `retry-after` and an error with a code.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = generic::write(now, occasion, limits);
    let error = match occasion {
        Occasion::Answer | Occasion::Failure | Occasion::Outage => None,
        Occasion::Busy { .. } => Some(("requests", "Too many requests at a time.".to_owned())),
        Occasion::Refusal { requested, by, .. } => {
            Some(openai_like::reached(limits.get(by), requested, None, "min"))
        }
        Occasion::TooLarge { requested, by } => {
            Some(openai_like::too_large(limits.get(by), requested, "min"))
        }
    };
    if let Some((kind, message)) = error {
        let code = "rate_limit_exceeded";
        let error = json!({ "message": message, "type": kind, "param": null, "code": code });
        response.body = json!({ "error": error }).to_string();
    }
    let reset = |state: &State<'_>| span::seconds(span::millis_up(state.full_in(now)));
    if let Some(state) = state(limits, Dimension::Requests, Window::Minute) {
        response.header("x-ratelimit-limit-requests", state.limit());
        response.header("x-ratelimit-remaining-requests", state.remaining);
        response.header("x-ratelimit-reset-requests", reset(state));
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        response.header("x-ratelimit-limit-tokens", state.limit());
        response.header("x-ratelimit-remaining-tokens", state.remaining);
        response.header("x-ratelimit-reset-tokens", reset(state));
    }
    response
}
