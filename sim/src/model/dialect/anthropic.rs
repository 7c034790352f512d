use paceline_core::{Dimension, Timestamp};
use serde_json::{Value, json};

use super::{Occasion, Response, State, moment, span, state, window::Window};

/// The names of the three headers of one limit.
struct Names {
    counts: Dimension,
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

macro_rules! names {
    ($counts:ident, $name:literal) => {
        Names {
            counts: Dimension::$counts,
            limit: concat!("anthropic-ratelimit-", $name, "-limit"),
            remaining: concat!("anthropic-ratelimit-", $name, "-remaining"),
            reset: concat!("anthropic-ratelimit-", $name, "-reset"),
        }
    };
}

const NAMES: [Names; 4] = [
    names!(Requests, "requests"),
    names!(Tokens, "tokens"),
    names!(InputTokens, "input-tokens"),
    names!(OutputTokens, "output-tokens"),
];

/// Anthropic, as platform.claude.com/docs/en/api/rate-limits has it, 2026-09.
///
/// Headers tell of every limit of a minute: limit, what remains - tokens to the nearest thousand - and the
/// moment at which all of it is there again, in RFC 3339, to the second after it. Refusals carry
/// `retry-after` in whole seconds and name the limit in a sentence. In an outage it is a 529. What is
/// too large is the 413 of a body that is too large: how a request beyond a limit is worded is not known.
pub(super) fn write(now: Timestamp, occasion: Occasion, limits: &[State<'_>]) -> Response {
    let mut response = match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(500, "api_error", "Internal server error"),
        Occasion::Outage => return error(529, "overloaded_error", "Overloaded"),
        Occasion::Busy { .. } => {
            let message = "Number of concurrent connections has exceeded your rate limit.";
            error(429, "rate_limit_error", message)
        }
        Occasion::Refusal {
            by, retry_after, ..
        } => {
            let message = match limits.get(by) {
                Some(state) => {
                    let (limit, limited) = (thousands(state.limit()), limited(state));
                    format!("This request would exceed your rate limit of {limit} {limited}.")
                }
                None => "This request would exceed your rate limit.".to_owned(),
            };
            let mut response = error(429, "rate_limit_error", &message);
            if let Some(wait) = retry_after {
                response.header("retry-after", span::seconds_up(wait));
            }
            response
        }
        Occasion::TooLarge { .. } => {
            let message = "Request exceeds the maximum size";
            error(413, "request_too_large", message)
        }
    };
    for names in &NAMES {
        if let Some(state) = state(limits, names.counts, Window::Minute) {
            let remaining = match names.counts {
                Dimension::Requests => state.remaining,
                _ => nearest_thousand(state.remaining).min(state.limit()),
            };
            response.header(names.limit, state.limit());
            response.header(names.remaining, remaining);
            response.header(names.reset, moment::rfc3339_up(state.full_at.max(now)));
        }
    }
    response
}

fn limited(state: &State<'_>) -> String {
    let counts = match state.rate.counts {
        Dimension::Requests => "requests",
        Dimension::InputTokens => "input tokens",
        Dimension::OutputTokens => "output tokens",
        _ => "tokens",
    };
    match state.window().word() {
        Some(word) => format!("{counts} per {word}"),
        None => format!("{counts} per {}", span::go(state.rate.quota.period())),
    }
}

const fn nearest_thousand(count: u64) -> u64 {
    count.saturating_add(500) / 1_000 * 1_000
}

/// A number with a comma after every three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn error(status: u16, kind: &str, message: &str) -> Response {
    Response::with(status, &error_body(kind, message))
}

/// The body of an error as Anthropic has it.
pub(crate) fn error_body(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(80_000), "80,000");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }

    #[test]
    fn tokens_are_rounded_to_the_nearest_thousand() {
        for (count, rounded) in [(0, 0), (499, 0), (500, 1_000), (49_499, 49_000)] {
            assert_eq!(nearest_thousand(count), rounded);
        }
    }
}
