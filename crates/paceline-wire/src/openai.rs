use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{LimitReading, LimitWindow, Metric};

use crate::{
    family::{OPENAI, until},
    number::Number,
    received::{Received, Unit},
};

/// Reads the headers of OpenAI, which Azure, Groq and others send too, each in its own way.
pub(crate) fn read<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) {
    let unit = unit(get);
    let first = limits.len();
    for names in &OPENAI {
        limits.extend(names.read(get, received, unit));
    }
    let found = &mut limits[first..];
    let Some(at) = found.iter().position(|l| l.metric == Metric::Requests) else {
        return;
    };
    // Azure's older answers say only what remains, and that of requests counts ten seconds.
    let bare =
        |l: &LimitReading| l.limit.is_none() && l.remaining.is_some() && l.reset_at.is_none();
    let tokens = found.iter().find(|l| l.metric == Metric::Tokens);
    if bare(&found[at]) && (is_azure(get) || tokens.is_some_and(bare)) {
        found[at].window = Some(LimitWindow::Span(Duration::from_secs(10)));
        return;
    }
    // Tokens count a minute. If they reset later than that, resets here are not by refilling.
    let refills = tokens
        .and_then(|l| l.reset_at)
        .is_none_or(|reset_at| until(reset_at, received) <= Duration::from_secs(60));
    if refills {
        found[at].window = window(&found[at], received);
    }
}

/// The window of a limit that refills all the time, told from when it is full again.
///
/// `used * window / limit` later it is, or a little earlier if time has passed since the last request.
/// Some write instead when the next request passes, a `limit`th of the window. Minutes and days are
/// what OpenAI and Groq have; unknown if neither fits.
fn window(reading: &LimitReading, received: Received) -> Option<LimitWindow> {
    let (limit, remaining) = (reading.limit?, reading.remaining?);
    let used = limit.checked_sub(remaining).filter(|used| *used > 0)?;
    let reset = until(reading.reset_at?, received).as_nanos();
    [60_u64, 86_400]
        .map(Duration::from_secs)
        .into_iter()
        .find(|window| {
            let full = |used: u64| refill(used, *window, limit);
            // What is written is rounded to milliseconds.
            let least = full(used - 1).saturating_sub(MILLI);
            let (most, next) = (full(used) + MILLI, full(1));
            (reset > least && reset <= most) || (used == limit && reset.abs_diff(next) <= MILLI)
        })
        .map(LimitWindow::Span)
}

const MILLI: u128 = 1_000_000;

/// The nanoseconds in which so many of `limit` per `window` refill.
fn refill(used: u64, window: Duration, limit: u64) -> u128 {
    // Below 2^64 * 2^47.
    u128::from(used) * window.as_nanos() / u128::from(limit.max(1))
}

/// What resets without a unit count: milliseconds for Azure, seconds for all others.
///
/// Azure has headers of its own, but proxies drop them. Then it is milliseconds if all of them, so
/// read, are the time in which what is used refills.
fn unit<'h>(get: &impl Fn(&str) -> Option<&'h str>) -> Unit {
    let number = |name| get(name).and_then(Number::parse);
    let mut bare = 0;
    let mut fitting = 0;
    for names in &OPENAI {
        let Some(Number::Value { whole, nanos: 0 }) = number(names.reset) else {
            continue;
        };
        bare += 1;
        let count = |name| number(name).and_then(Number::count);
        if let (Some(limit), Some(remaining)) = (count(names.limit), count(names.remaining)) {
            let used = limit.saturating_sub(remaining);
            let full = refill(used, Duration::from_secs(60), limit);
            let millis = u128::from(whole) * MILLI;
            fitting += i32::from(used > 0 && millis.abs_diff(full) <= MILLI);
        }
    }
    if bare > 0 && (is_azure(get) || fitting == bare) {
        Unit::Millis
    } else {
        Unit::Seconds
    }
}

fn is_azure<'h>(get: &impl Fn(&str) -> Option<&'h str>) -> bool {
    [
        "x-ms-region",
        "apim-request-id",
        "azureml-model-session",
        "x-ms-rai-invoked",
        "x-ms-deployment-name",
    ]
    .into_iter()
    .any(|name| get(name).is_some())
}
