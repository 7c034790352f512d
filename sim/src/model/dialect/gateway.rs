use paceline_core::{Dimension, Timestamp};

use super::{Occasion, Response, State, generic, openai_like, span, state, window::Window};

/// A company's gateway: `x-ratelimit-*` of requests and tokens a minute on every response, with resets in
/// seconds, and on refusals `retry-after` and an error with a code.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = generic::write(occasion);
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
        let error = openai_like::error(&message, kind, Some("rate_limit_exceeded"));
        response.body = error.to_string();
    }
    let reset = |state: &State<'_>| span::seconds(span::millis_up(state.full_in(now)));
    if let Some(state) = state(limits, Dimension::Requests, Window::Minute) {
        openai_like::requests(&mut response, state, reset(state));
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        openai_like::tokens(&mut response, state, reset(state));
    }
    response
}
