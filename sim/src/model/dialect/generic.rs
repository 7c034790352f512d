use super::{Occasion, Response, span};

/// No provider in particular: a status, and `retry-after` in seconds, to the nanosecond if need be.
pub(super) fn write(occasion: Occasion) -> Response {
    let mut response = Response::of(match occasion {
        Occasion::Answer => 200,
        Occasion::Failure => 500,
        Occasion::Outage => 503,
        Occasion::Refusal { .. } | Occasion::Busy { .. } => 429,
        Occasion::TooLarge { .. } => 413,
    });
    if let Occasion::Refusal {
        retry_after: Some(wait),
        ..
    } = occasion
    {
        response.header("retry-after", span::seconds(wait));
    }
    response
}
