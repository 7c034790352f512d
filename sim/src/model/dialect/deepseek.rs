use serde_json::json;

use super::{Occasion, Response, State};

/// DeepSeek, as api-docs.deepseek.com/quick_start/rate_limit and its list of errors have it, 2026.
///
/// It limits calls under way alone. There are no headers, and a 429 has no body that anybody documents.
pub(super) fn write(occasion: Occasion, limits: &[State<'_>]) -> Response {
    let (status, message) = match occasion {
        Occasion::Answer => return Response::of(200),
        Occasion::Refusal { .. } | Occasion::Busy { .. } => return Response::of(429),
        Occasion::Failure => (500, "Server error".to_owned()),
        Occasion::Outage => (503, "Server overloaded".to_owned()),
        Occasion::TooLarge { requested, by } => {
            let most = limits.get(by).map_or(0, State::limit);
            let message = format!(
                "This model's maximum context length is {most} tokens. However, you requested {requested} tokens."
            );
            (400, message)
        }
    };
    Response::with(status, &json!({ "error": { "message": message } }))
}
