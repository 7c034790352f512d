use paceline_core::Dimension;
use serde_json::json;

use super::{Occasion, Response, State, state, window::Window};

/// The names of the headers of one limit.
struct Names {
    counts: Dimension,
    window: Window,
    limit: &'static str,
    remaining: &'static str,
}

macro_rules! names {
    ($counts:ident, $window:ident, $suffix:literal) => {
        Names {
            counts: Dimension::$counts,
            window: Window::$window,
            limit: concat!("x-ratelimit-limit-", $suffix),
            remaining: concat!("x-ratelimit-remaining-", $suffix),
        }
    };
}

const NAMES: [Names; 14] = [
    names!(Requests, Second, "req-second"),
    names!(Requests, TenSeconds, "req-10-second"),
    names!(Requests, Minute, "req-minute"),
    names!(Requests, FiveMinutes, "req-5-minute"),
    names!(Requests, Hour, "req-hour"),
    names!(Requests, Day, "req-day"),
    names!(Requests, Month, "req-month"),
    names!(Tokens, Second, "tokens-second"),
    names!(Tokens, TenSeconds, "tokens-10-second"),
    names!(Tokens, Minute, "tokens-minute"),
    names!(Tokens, FiveMinutes, "tokens-5-minute"),
    names!(Tokens, Hour, "tokens-hour"),
    names!(Tokens, Day, "tokens-day"),
    names!(Tokens, Month, "tokens-month"),
];

/// Mistral, as recorded in 2026-08 and 2026-09.
///
/// Headers tell limit and remaining of each window in its own name, and no reset. Refusals say neither
/// when to come back - none of 163 did - nor which limit it was. `x-ratelimit-tokens-query-cost` is
/// left out, since an answer does not know its cost here. Too many calls under way are a tier that is full.
pub(super) fn write(occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(500, "Internal server error", "internal_server_error", None),
        Occasion::Outage => {
            return error(503, "Service unavailable.", "internal_server_error", None);
        }
        Occasion::Busy { .. } => {
            let kind = "service_tier_capacity_exceeded";
            let message = "Service tier capacity exceeded for this model.";
            return error(429, message, kind, Some("3505"));
        }
        Occasion::Refusal { .. } => error(429, "Rate limit exceeded", "rate_limited", Some("1300")),
        Occasion::TooLarge { requested, by } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message = format!(
                "Prompt contains {requested} tokens, too large for model with {most} maximum context length"
            );
            error(400, &message, "invalid_request_prompt", Some("3051"))
        }
    };
    for names in &NAMES {
        if let Some(state) = state(limits, names.counts, names.window) {
            response.header(names.limit, state.limit());
            response.header(names.remaining, state.remaining);
        }
    }
    response
}

/// There is no `error` in it.
fn error(status: u16, message: &str, kind: &str, code: Option<&str>) -> Response {
    let body = json!({
        "object": "error",
        "message": message,
        "type": kind,
        "param": null,
        "code": code,
        "raw_status_code": status,
    });
    Response::with(status, &body)
}
