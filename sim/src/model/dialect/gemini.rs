use std::time::Duration;

use paceline_core::Dimension;
use serde_json::{Value, json};

use super::{Occasion, Response, State, span};

/// Gemini, as recorded in 2026-07 to 2026-09.
///
/// There are no headers. A refusal names the quota, its window and its value in the details of the body,
/// and when to come back in a field, `retryDelay`, and in the sentence, both to the nanosecond. Recorded
/// fields often lack the fraction, and that of a day may say 38 s. Nothing is known of a limit on calls
/// under way.
pub(super) fn write(occasion: Occasion, limits: &[State<'_>]) -> Response {
    const EXHAUSTED: &str = "RESOURCE_EXHAUSTED";
    match occasion {
        Occasion::Answer => Response::of(200),
        Occasion::Failure => error(500, "INTERNAL", "An internal error has occurred.", &[]),
        Occasion::Outage => {
            let message = "This model is currently experiencing high demand.";
            error(503, "UNAVAILABLE", message, &[])
        }
        Occasion::Busy { .. } => {
            let message = "Resource has been exhausted (e.g. check quota).";
            error(429, EXHAUSTED, message, &[])
        }
        Occasion::Refusal {
            by, retry_after, ..
        } => {
            let mut message = "You exceeded your current quota.".to_owned();
            let mut details = Vec::new();
            if let Some(state) = limits.get(by) {
                let metric = metric(state);
                let limit = state.limit();
                message += &format!(" Quota exceeded for metric: {metric}, limit: {limit}.");
                let violation = json!({
                    "quotaMetric": metric,
                    "quotaId": quota_id(state),
                    "quotaValue": limit.to_string(),
                });
                details.push(json!({
                    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [violation],
                }));
            }
            if let Some(wait) = retry_after {
                message += &format!(" Please retry in {}.", span::go(wait));
                details.push(retry_info(wait));
            }
            error(429, EXHAUSTED, &message, &details)
        }
        Occasion::TooLarge { requested, by } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message = format!(
                "The input token count ({requested}) exceeds the maximum number of tokens allowed ({most})."
            );
            error(400, "INVALID_ARGUMENT", &message, &[])
        }
    }
}

fn metric(state: &State<'_>) -> &'static str {
    match state.rate.counts {
        Dimension::Requests => {
            "generativelanguage.googleapis.com/generate_content_free_tier_requests"
        }
        Dimension::InputTokens => {
            "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count"
        }
        Dimension::OutputTokens => {
            "generativelanguage.googleapis.com/generate_content_free_tier_output_token_count"
        }
        _ => "generativelanguage.googleapis.com/generate_content_free_tier_token_count",
    }
}

/// The names of those that exist, and names in their manner for the others.
fn quota_id(state: &State<'_>) -> String {
    let window = match state.window().word() {
        Some("second") => "PerSecond",
        Some("minute") => "PerMinute",
        Some("hour") => "PerHour",
        Some("day") => "PerDay",
        Some("month") => "PerMonth",
        _ => "",
    };
    match state.rate.counts {
        Dimension::Requests => {
            format!("GenerateRequests{window}PerProjectPerModel-FreeTier")
        }
        Dimension::InputTokens => {
            format!("GenerateContentInputTokensPerModel{window}-FreeTier")
        }
        Dimension::OutputTokens => {
            format!("GenerateContentOutputTokensPerModel{window}-FreeTier")
        }
        _ => format!("GenerateContentTokensPerModel{window}-FreeTier"),
    }
}

fn retry_info(wait: Duration) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": format!("{}s", span::seconds(wait)),
    })
}

fn error(status: u16, name: &str, message: &str, details: &[Value]) -> Response {
    let mut error = json!({ "code": status, "message": message, "status": name });
    if !details.is_empty() {
        error["details"] = details.into();
    }
    Response::with(status, &json!({ "error": error }))
}
