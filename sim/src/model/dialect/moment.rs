//! Moments, as headers write them. The timeline counts from 1970, so they are real only in scenarios
//! with a `start`.

use std::time::Duration;

use paceline_core::Timestamp;

/// The first whole second at or after a moment, in RFC 3339.
pub(super) fn rfc3339_up(at: Timestamp) -> String {
    let since = at.saturating_duration_since(Timestamp::EPOCH);
    let seconds = super::span::seconds_up(since);
    // The timeline ends in 2554, which fits.
    let moment = i64::try_from(seconds)
        .ok()
        .map(jiff::Timestamp::from_second);
    moment
        .and_then(Result::ok)
        .map_or_else(String::new, |moment| moment.to_string())
}

/// The first whole millisecond since 1970 that is no earlier than a span after `now`.
pub(super) fn millis_up(now: Timestamp, after: Duration) -> u64 {
    now.saturating_add(after).as_nanos().div_ceil(1_000_000)
}
