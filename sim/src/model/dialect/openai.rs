use paceline_core::{Dimension, Timestamp};

use super::{Occasion, Response, State, openai_like, span, state, window::Window};

/// OpenAI, as its guide on rate limits and recorded responses have it, 2024-12 to 2026-09.
///
/// Headers tell of one limit of requests, of a minute or a day under the same name - here the first in
/// the list - and of the tokens of a minute. Refusals carry `retry-after`, which may have a fraction, and the same in a sentence.
/// There is no limit on calls under way; a server that has too many says `slow_down`.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(500, "The server had an error.", "server_error", None),
        Occasion::Outage => {
            let code = Some("server_is_overloaded");
            return error(503, "Try again later.", "service_unavailable_error", code);
        }
        Occasion::Busy { .. } => error(429, "Please slow down.", "requests", Some("slow_down")),
        Occasion::Refusal {
            requested,
            by,
            retry_after,
        } => {
            let (kind, message) =
                openai_like::reached(limits.get(by), requested, retry_after, "min");
            let mut response = error(429, &message, kind, Some("rate_limit_exceeded"));
            if let Some(wait) = retry_after {
                response.header("retry-after", span::seconds(span::millis_up(wait)));
            }
            response
        }
        Occasion::TooLarge { requested, by } => {
            let (kind, message) = openai_like::too_large(limits.get(by), requested, "min");
            error(429, &message, kind, Some("rate_limit_exceeded"))
        }
    };
    let mut requests = limits.iter().filter(|state| {
        let window = matches!(state.window(), Window::Minute | Window::Day);
        window && state.rate.counts == Dimension::Requests
    });
    if let Some(state) = requests.next() {
        openai_like::requests(&mut response, state, openai_like::go_reset(now, state));
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        openai_like::tokens(&mut response, state, openai_like::go_reset(now, state));
    }
    response
}

fn error(status: u16, message: &str, kind: &str, code: Option<&str>) -> Response {
    Response::with(status, &openai_like::error(message, kind, code))
}
