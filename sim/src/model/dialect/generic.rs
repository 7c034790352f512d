use paceline_core::Timestamp;

use super::{Occasion, Response, State};

/// No provider in particular: a status, and `retry-after` in seconds, to the nanosecond if need be.
pub(super) fn write(_now: Timestamp, occasion: Occasion, _limits: &[State<'_>]) -> Response {
    let status = match occasion {
        Occasion::Answer => 200,
        Occasion::Failure => 500,
        Occasion::Outage => 503,
        Occasion::Refusal { .. } | Occasion::Busy { .. } => 429,
        Occasion::TooLarge { .. } => 413,
    };
    let mut response = Response {
        status,
        ..Response::default()
    };
    if let Occasion::Refusal {
        retry_after: Some(wait),
        ..
    } = occasion
    {
        let value = match wait.subsec_nanos() {
            0 => wait.as_secs().to_string(),
            nanos => format!("{}.{nanos:09}", wait.as_secs()),
        };
        response.headers.push(("retry-after", value));
    }
    response
}
