//! Reads what LLM providers say about limits.
//!
//! Every provider speaks a dialect of its own: Go durations, RFC 3339, seconds and milliseconds since
//! 1970, spans in two units, structured fields, JSON of many shapes, and sentences. [`read`] takes the
//! status, the headers and the body of a response and gives one [`Feedback`]: every limit that it
//! speaks of, when to come back, and whether the cause is pace, a quota, a bill, overload or the
//! request itself. [`read_event`] does the same for an error within a stream.
//!
//! # Rules
//!
//! 1. A number above 10^12 is milliseconds since 1970, above 10^9 seconds since 1970, else a span.
//! 2. A number below zero is unknown.
//! 3. Fractions are accepted, and a `Retry-After` of 0, which is a floor that needs jitter on top.
//! 4. Points in time are measured from the `Date` of the response, not from the local clock.
//! 5. Of several hints, the first of these counts: a header in milliseconds, `Retry-After`, a field for
//!    machines, a sentence, the reset of what is used up. There may be none.
//! 6. A quota of a day or a month overrides a short delay.
//! 7. A duration in a sentence is read whole or not at all.
//! 8. Unknown is not zero.
//! 9. A limit of zero means that nothing is allowed, and is no matter of pace.
//! 10. One response can speak of several limits, so they are a list.
//!
//! No input panics, and memory grows at most in proportion to the input, which the caller bounds by the
//! slice and the headers that it hands over.
//!
//! The crate is `no_std` and needs an allocator.

#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use paceline_core::{Class, Feedback, LimitReading, Timestamp};

mod body;
mod civil;
mod class;
mod family;
mod hint;
#[cfg(feature = "http")]
mod http;
mod http_date;
mod ietf;
mod join;
mod json;
mod limiter_name;
mod number;
mod openai;
mod pairs;
mod prose;
mod received;
mod refusal;
mod retry_after;
mod rfc3339;
mod sentence;
mod span;
mod sse;
mod structured_field;
mod trio;
mod unified;

#[cfg(feature = "http")]
pub use http::read_http;
pub use pairs::pairs;

use body::Body;
use class::Refused;
use hint::Hints;
use received::Received;

/// Reads a response: its status, its headers, and as much of its body as is at hand.
///
/// `headers` is asked for names in lower case, and must find them in any; [`pairs`] does. A body may be
/// cut off, or empty. `received_at` is when the response arrived, by the clock that the limiters are
/// told the time of.
///
/// A 2xx whose body is an error, as OpenRouter and streams send, is read as that error.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paceline_core::{Class, Timestamp};
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let headers = [("Retry-After", "20"), ("X-RateLimit-Remaining-Requests", "0")];
/// let feedback = paceline_wire::read(429, paceline_wire::pairs(&headers), b"", now);
///
/// assert_eq!(feedback.class, Class::Pace);
/// assert_eq!(feedback.retry_after(now), Some(Duration::from_secs(20)));
/// assert_eq!(feedback.limits[0].remaining, Some(0));
/// assert_eq!(feedback.limits[0].limit, None);
/// ```
pub fn read<'h>(
    status: u16,
    headers: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    received_at: Timestamp,
) -> Feedback {
    let received = Received::new(received_at, headers("date"));
    let body = Body::read(body, status >= 400);
    answer(status, &headers, body, received)
}

/// Reads the data of one event of a stream, or a piece of a stream with whole events in it.
///
/// Errors arrive there after a status of 200 and without headers. An event that is no error is
/// [`Class::Ok`], and of several events the first error counts.
///
/// # Examples
///
/// ```
/// use paceline_core::{Class, Timestamp};
///
/// let data = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
/// let feedback = paceline_wire::read_event(data, Timestamp::EPOCH);
/// assert_eq!(feedback.class, Class::Overload);
/// ```
pub fn read_event(data: &[u8], received_at: Timestamp) -> Feedback {
    let received = Received::new(received_at, None);
    answer(200, &|_: &str| None, Body::read(data, false), received)
}

fn answer<'h>(
    status: u16,
    get: &impl Fn(&str) -> Option<&'h str>,
    mut body: Body,
    received: Received,
) -> Feedback {
    let mut limits = Vec::new();
    openai::read(get, received, &mut limits);
    family::read(get, received, &mut limits);
    trio::read(get, received, &mut limits);
    ietf::read(get, received, &mut limits);
    let unified = unified::read(get, received, &mut limits);

    let mut feedback = Feedback::new(Class::Ok);
    feedback.cost = [
        "x-ratelimit-tokens-query-cost",
        "ratelimitbysize-query-cost",
    ]
    .into_iter()
    .find_map(|name| number::Number::parse(get(name)?)?.count());
    feedback.should_retry = retry_after::should_retry(get);
    if status < 400 && !body.is_error {
        let over = get("x-ratelimit-over-limit").is_some_and(|over| {
            let over = over.trim();
            ["yes", "true", "1"]
                .iter()
                .any(|yes| yes.eq_ignore_ascii_case(over))
        });
        feedback.near_limit = over || unified.warning;
        feedback.limits = limits;
        return feedback;
    }

    // A gateway may pass on the headers that it got.
    let mut inner = Vec::new();
    let passed_on = pairs(&body.headers);
    openai::read(&passed_on, received, &mut inner);
    family::read(&passed_on, received, &mut inner);
    trio::read(&passed_on, received, &mut inner);
    for reading in inner {
        join::join(&mut limits, reading);
    }
    let header =
        retry_after::read(get, received).or_else(|| retry_after::read(&passed_on, received));
    if let Some(kind) = get("x-amzn-errortype") {
        body.code(kind);
    }

    let hints = Hints::read(header, &body, unified, received);
    let refusals = refusal::read(&body, get("x-ratelimit-type"));
    feedback.class = Refused {
        status: if status < 400 {
            body.status.unwrap_or(0)
        } else {
            status
        },
        body: &body,
        limits: &limits,
        refusals: &refusals,
        rejected: unified.rejected,
        wait: hints.wait(received),
        received,
    }
    .class();
    // The size of a context is no limit of a rate, so what is too large for it blames none, although
    // sentences say how much was requested.
    let blames = |refusal: &LimitReading| match feedback.class {
        Class::Pace | Class::Quota => true,
        Class::TooLarge => refusal.requested.is_some() && refusal.limit.is_some(),
        _ => false,
    };
    for refusal in refusals.into_iter().filter(blames) {
        join::join(&mut limits, refusal);
    }
    feedback.hint = hints.choose(feedback.class, &limits, received);
    feedback.limits = limits;
    feedback
}

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
