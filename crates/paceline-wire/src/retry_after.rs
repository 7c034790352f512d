use paceline_core::{Hint, HintSource, Timestamp};

use crate::{
    number::Number,
    received::{Received, Unit},
};

/// Headers in milliseconds, the preferred first.
///
/// Azure sends the first two, AWS the third, and proxies of gRPC the fourth.
const MILLIS: [&str; 4] = [
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-amz-retry-after",
    "grpc-retry-pushback-ms",
];

/// When the headers made for it say to come back.
pub(crate) fn read<'h>(get: &impl Fn(&str) -> Option<&'h str>, received: Received) -> Option<Hint> {
    let millis = MILLIS.into_iter().find_map(|name| {
        Some((
            latest(get(name)?, received, Unit::Millis)?,
            HintSource::RetryAfterMs,
        ))
    });
    let (at, source) = millis.or_else(|| {
        let at = latest(get("retry-after")?, received, Unit::Seconds)?;
        Some((at, HintSource::RetryAfter))
    })?;
    Some(Hint { at, source })
}

/// The moment that a header names; the latest if a proxy joined several with commas.
fn latest(text: &str, received: Received, unit: Unit) -> Option<Timestamp> {
    if let Some(at) = received.read(text, unit) {
        return Some(at);
    }
    // A date has a comma too, so a list is one of numbers.
    let mut latest = None;
    for part in text.split(',') {
        latest = latest.max(Some(received.number(Number::parse(part)?, unit)?));
    }
    latest
}

/// What a header says outright about trying again.
pub(crate) fn should_retry<'h>(get: &impl Fn(&str) -> Option<&'h str>) -> Option<bool> {
    if let Some(value) = get("x-should-retry") {
        if value.trim().eq_ignore_ascii_case("true") {
            return Some(true);
        }
        if value.trim().eq_ignore_ascii_case("false") {
            return Some(false);
        }
    }
    // gRPC pushes back below zero to forbid retries.
    match Number::parse(get("grpc-retry-pushback-ms")?)? {
        Number::Negative => Some(false),
        Number::Value { .. } => None,
    }
}
