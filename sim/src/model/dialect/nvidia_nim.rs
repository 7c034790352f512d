use serde_json::json;

use super::{Occasion, Response};

/// NVIDIA NIM, as recorded in 2026-06 to 2026-08: a status and its name, and nothing else.
pub(super) fn write(occasion: Occasion) -> Response {
    let (status, title) = match occasion {
        Occasion::Answer => return Response::of(200),
        Occasion::Failure => (500, "Internal Server Error"),
        Occasion::Outage => (503, "Service Unavailable"),
        Occasion::Refusal { .. } | Occasion::Busy { .. } => (429, "Too Many Requests"),
        Occasion::TooLarge { .. } => (413, "Payload Too Large"),
    };
    Response::with(status, &json!({ "status": status, "title": title }))
}
