use std::time::Duration;

use paceline_core::Dimension;
use serde_json::json;

use super::{Occasion, Response, State, span, state, window::Window};

/// Azure OpenAI, as recorded in 2024-07 and 2024-08 (stuartleeks/aoai-testing) and in 2025.
///
/// Answers tell what remains of the requests of ten seconds and of the tokens of a minute, and the limit
/// of the latter; refusals tell neither. They carry `retry-after-ms`, `retry-after` in whole seconds,
/// and the same in a sentence. A limit of more than an hour is worded as Azure AI Foundry does, which
/// names its limiters; Azure OpenAI has none.
pub(super) fn write(occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => {
            let mut response = Response::of(200);
            remaining(&mut response, limits);
            response
        }
        Occasion::Failure => error(500, "InternalServerError", "The server had an error."),
        Occasion::Outage => error(503, "ServiceUnavailable", "The service is unavailable."),
        Occasion::Busy { most } => {
            let message =
                format!("Rate limit of {most} per 0s exceeded for UserConcurrentRequests.");
            error(429, "RateLimitReached", &message)
        }
        Occasion::Refusal {
            by, retry_after, ..
        } => refusal(limits.get(by), retry_after),
        Occasion::TooLarge { by, .. } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message =
                format!("Request body too large for this model. Max size: {most} tokens.");
            error(413, "tokens_limit_reached", &message)
        }
    };
    // Every answer of Azure's names a region.
    response.header("x-ms-region", "Sweden Central");
    response
}

fn remaining(response: &mut Response, limits: &[State<'_>]) {
    if let Some(state) = state(limits, Dimension::Requests, Window::TenSeconds) {
        response.header("x-ratelimit-remaining-requests", state.remaining);
    }
    if let Some(state) = state(limits, Dimension::Tokens, Window::Minute) {
        response.header("x-ratelimit-limit-tokens", state.limit());
        response.header("x-ratelimit-remaining-tokens", state.remaining);
    }
}

fn refusal(by: Option<&State<'_>>, retry_after: Option<Duration>) -> Response {
    let seconds = retry_after.map(span::seconds_up);
    let long = by.filter(|state| state.window().is_long());
    let mut response = match long {
        Some(state) => {
            let window = match state.window() {
                Window::Month => "Month",
                _ => "Day",
            };
            let counted = match state.rate.counts {
                Dimension::Requests => "",
                Dimension::InputTokens => "InputTokens",
                Dimension::OutputTokens => "OutputTokens",
                _ => "Tokens",
            };
            let limiter = format!("UserByModelBy{window}{counted}");
            let (limit, period) = (state.limit(), state.rate.quota.period().as_secs());
            let mut message =
                format!("Rate limit of {limit} per {period}s exceeded for {limiter}.");
            if let Some(seconds) = seconds {
                message += &format!(" Please wait {seconds} seconds before retrying.");
            }
            let mut response = error(429, "RateLimitReached", &message);
            response.header("x-ratelimit-type", limiter);
            response
        }
        None => {
            let counted = match by.map(|state| state.rate.counts) {
                Some(Dimension::Requests) | None => "call",
                Some(_) => "token",
            };
            let mut message = format!(
                "Your requests have exceeded the {counted} rate limit of your pricing tier."
            );
            if let Some(seconds) = seconds {
                message += &format!(" Please retry after {seconds} seconds.");
            }
            error(429, "429", &message)
        }
    };
    if let (Some(wait), Some(seconds)) = (retry_after, seconds) {
        response.header("retry-after-ms", span::millis_up(wait).as_millis());
        response.header("retry-after", seconds);
    }
    response
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::with(
        status,
        &json!({ "error": { "code": code, "message": message } }),
    )
}
