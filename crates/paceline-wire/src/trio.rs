use alloc::vec::Vec;

use paceline_core::{LimitReading, LimitWindow, Metric};

use crate::{
    ietf,
    number::Number,
    received::{Received, Unit},
    structured_field::{Value, list},
};

/// The names of headers that count requests and name no window.
struct Trio {
    limit: &'static str,
    remaining: &'static str,
    /// The last one is preferred, since it needs no clock.
    resets: [&'static str; 2],
}

const TRIOS: [Trio; 3] = [
    Trio {
        limit: "x-ratelimit-limit",
        remaining: "x-ratelimit-remaining",
        resets: ["x-ratelimit-reset-after", "x-ratelimit-reset"],
    },
    Trio {
        limit: "ratelimit-limit",
        remaining: "ratelimit-remaining",
        resets: ["ratelimit-reset-after", "ratelimit-reset"],
    },
    Trio {
        limit: "x-rate-limit-limit",
        remaining: "x-rate-limit-remaining",
        resets: ["x-rate-limit-reset-after", "x-rate-limit-reset"],
    },
];

/// Reads limits of requests as drafts 03 to 07 of the IETF and countless providers write them.
pub(crate) fn read<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) {
    for trio in &TRIOS {
        let first = limits.len();
        let limit = get(trio.limit);
        policies(limit.unwrap_or_default(), limits);
        if limits.len() == first {
            // Draft 06 moved them to a header of their own.
            policies(get("ratelimit-policy").unwrap_or_default(), limits);
        }
        let headline = limit.and_then(|text| Number::parse(text.split([',', ';']).next()?));
        let remaining = get(trio.remaining).and_then(Number::parse);
        let reset_at = trio
            .resets
            .into_iter()
            .find_map(|name| received.read(get(name)?, Unit::Seconds));
        if headline.is_none() && remaining.is_none() && reset_at.is_none() {
            limits.truncate(first);
            continue;
        }
        // What remains belongs to the limit that stands first, which is one of the policies.
        let headline = headline.and_then(Number::count);
        let mut policies = limits[first..].iter();
        let at = policies.position(|policy| headline.is_some() && policy.limit == headline);
        let at = at.map_or(limits.len(), |at| at + first);
        if at == limits.len() {
            let mut reading = LimitReading::of(Metric::Requests);
            reading.limit = headline;
            reading.window = github_window(get);
            limits.push(reading);
        }
        limits[at].remaining = remaining.and_then(Number::count);
        limits[at].reset_at = reset_at;
        limits[at].used = get("x-ratelimit-used")
            .and_then(Number::parse)
            .and_then(Number::count);
    }
    dictionary(get, received, limits);
}

/// The members with a window of a list such as `100, 100;w=60`.
fn policies(text: &str, limits: &mut Vec<LimitReading>) {
    for member in list(text).unwrap_or_default() {
        let Value::Integer(limit) = member.value else {
            continue;
        };
        let window = member.count("w").and_then(ietf::window);
        if let (Ok(limit), Some(window)) = (u64::try_from(limit), window) {
            let mut reading = LimitReading::of(Metric::Requests);
            reading.limit = Some(limit);
            reading.window = Some(window);
            limits.push(reading);
        }
    }
}

/// Reads `RateLimit: limit=100, remaining=50, reset=5`, as draft 07 had it.
fn dictionary<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) {
    let text = get("ratelimit").unwrap_or_default();
    let value = |key| {
        text.split(',').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            (name.trim() == key).then(|| Number::parse(value))?
        })
    };
    let (limit, remaining) = (value("limit"), value("remaining"));
    if limit.is_none() && remaining.is_none() {
        return;
    }
    let mut reading = LimitReading::of(Metric::Requests);
    reading.limit = limit.and_then(Number::count);
    reading.remaining = remaining.and_then(Number::count);
    reading.reset_at = value("reset").and_then(|number| received.number(number, Unit::Seconds));
    limits.push(reading);
}

/// GitHub names the resource, and documents its window.
fn github_window<'h>(get: &impl Fn(&str) -> Option<&'h str>) -> Option<LimitWindow> {
    match get("x-ratelimit-resource")?.trim() {
        "core" | "graphql" | "integration_manifest" => Some(LimitWindow::HOUR),
        "search" | "code_search" => Some(LimitWindow::MINUTE),
        _ => None,
    }
}
