use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{LimitReading, LimitWindow, Metric};

use crate::{
    received::Received,
    structured_field::{Member, Value, list},
};

/// Reads `RateLimit-Policy` and `RateLimit`, as in draft-ietf-httpapi-ratelimit-headers-08 and later.
///
/// Policies have a quota `q`, a window of `w` seconds and a unit `qu`; `RateLimit` says for some of
/// them how much remains, `r`, and for how many seconds, `t`. A malformed field says nothing.
pub(crate) fn read<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) {
    let first = limits.len();
    for member in get("ratelimit-policy").and_then(list).unwrap_or_default() {
        if let (Value::Text(name), Some(quota)) = (&member.value, member.count("q")) {
            let mut reading = LimitReading::of(metric(&member));
            reading.name = Some(name.clone());
            reading.window = member.count("w").and_then(window);
            reading.limit = Some(quota);
            limits.push(reading);
        }
    }
    for member in get("ratelimit").and_then(list).unwrap_or_default() {
        let (Value::Text(name), Some(remaining)) = (&member.value, member.count("r")) else {
            continue;
        };
        let known = limits[first..]
            .iter()
            .position(|reading| reading.name.as_ref() == Some(name));
        let at = known.map_or(limits.len(), |at| at + first);
        if known.is_none() {
            // Its policy, and so its unit, is unknown.
            let mut reading = LimitReading::default();
            reading.name = Some(name.clone());
            limits.push(reading);
        }
        limits[at].remaining = Some(remaining);
        limits[at].reset_at = member
            .count("t")
            .map(|seconds| received.after(Duration::from_secs(seconds)));
    }
}

/// What a policy counts: requests, unless it says otherwise.
fn metric(policy: &Member) -> Metric {
    match policy.parameter("qu") {
        None => Metric::Requests,
        Some(Value::Text(unit)) => match unit.as_str() {
            "requests" => Metric::Requests,
            "concurrent-requests" => Metric::Concurrency,
            "tokens" => Metric::Tokens,
            _ => Metric::Unknown,
        },
        Some(Value::Integer(_) | Value::Other) => Metric::Unknown,
    }
}

/// A window of so many seconds; one of none makes no sense.
pub(crate) fn window(seconds: u64) -> Option<LimitWindow> {
    (seconds > 0).then(|| LimitWindow::Span(Duration::from_secs(seconds)))
}
