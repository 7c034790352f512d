//! What OpenAI and those who follow it have in common: names of headers, and one sentence.

use std::time::Duration;

use paceline_core::{Dimension, Timestamp};
use serde_json::{Value, json};

use super::{Response, State, span, window::Window};

/// Writes limit, remaining and reset of requests.
pub(super) fn requests(response: &mut Response, state: &State<'_>, reset: String) {
    response.header("x-ratelimit-limit-requests", state.limit());
    response.header("x-ratelimit-remaining-requests", state.remaining);
    response.header("x-ratelimit-reset-requests", reset);
}

/// The same of tokens.
pub(super) fn tokens(response: &mut Response, state: &State<'_>, reset: String) {
    response.header("x-ratelimit-limit-tokens", state.limit());
    response.header("x-ratelimit-remaining-tokens", state.remaining);
    response.header("x-ratelimit-reset-tokens", reset);
}

/// When all of it is there, as a Go duration.
///
/// Real ones drop what is less than a millisecond: 22 of 200,000 tokens a minute are `6ms`.
pub(super) fn go_reset(now: Timestamp, state: &State<'_>) -> String {
    span::go(span::millis_down(state.full_in(now)))
}

/// The body of an error as OpenAI has it.
pub(crate) fn error(message: &str, kind: &str, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

/// The type and the sentence of a refusal; `minute` is the provider's word for one.
///
/// It names the limit and the wait: `tokens per min (TPM): Limit 30000, Used 22999, Requested 12528.
/// Please try again in 11.054s.` Real ones drop what is less than a millisecond of the wait, so whoever
/// obeys may come that much too early; here it is rounded up.
pub(super) fn reached(
    by: Option<&State<'_>>,
    requested: u64,
    retry_after: Option<Duration>,
    minute: &str,
) -> (&'static str, String) {
    let Some(state) = by else {
        return ("requests", "Rate limit reached.".to_owned());
    };
    let (limited, limit, used) = (limited(state, minute), state.limit(), state.used());
    let mut message = format!(
        "Rate limit reached on {limited}: Limit {limit}, Used {used}, Requested {requested}."
    );
    if let Some(wait) = retry_after {
        let wait = span::go(span::millis_up(wait));
        message += &format!(" Please try again in {wait}.");
    }
    (kind(state), message)
}

/// The type and the sentence where a request is larger than a limit.
pub(super) fn too_large(
    by: Option<&State<'_>>,
    requested: u64,
    minute: &str,
) -> (&'static str, String) {
    let Some(state) = by else {
        return ("tokens", "Request too large.".to_owned());
    };
    let (limited, limit) = (limited(state, minute), state.limit());
    let message = format!("Request too large on {limited}: Limit {limit}, Requested {requested}.");
    (kind(state), message)
}

/// What is limited, as in `tokens per min (TPM)`.
fn limited(state: &State<'_>, minute: &str) -> String {
    let (counts, letters) = match state.rate.counts {
        Dimension::Requests => ("requests", "RP"),
        Dimension::InputTokens => ("input tokens", "ITP"),
        Dimension::OutputTokens => ("output tokens", "OTP"),
        _ => ("tokens", "TP"),
    };
    let (window, letter) = match state.window() {
        Window::Second => ("second", "S"),
        Window::Minute => (minute, "M"),
        Window::Hour => ("hour", "H"),
        Window::Day => ("day", "D"),
        Window::Month => return format!("{counts} per month"),
        _ => return format!("{counts} per {}", span::go(state.rate.quota.period())),
    };
    format!("{counts} per {window} ({letters}{letter})")
}

fn kind(state: &State<'_>) -> &'static str {
    match state.rate.counts {
        Dimension::Requests => "requests",
        _ => "tokens",
    }
}
