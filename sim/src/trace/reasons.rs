use paceline_backoff::Reason;
use paceline_core::{Demand, Denied, Dimension, HintSource, Timestamp};

use crate::{
    model::{Cause, End, HangUp, HeldBy, Holder, Outcome},
    names::Names,
    report::format::count_u64,
};

/// What keeps a request from one key, such as `its own limit of 100 requests/min`.
pub(super) fn holder(names: &Names<'_>, bound: &HeldBy) -> String {
    match bound.by {
        Holder::Gate => "its gate".to_owned(),
        Holder::Stated(place) => {
            format!("its own limit of {}", names.stated(bound.key, place))
        }
        Holder::Spacing => "the spacing of its calls".to_owned(),
        Holder::Reserve => "the reserve for small requests".to_owned(),
        Holder::Learned(dimension) => format!("a limit on {dimension} that it learned"),
        Holder::Found => "the rate that it found".to_owned(),
        Holder::Permits => "its limit on requests in flight".to_owned(),
        Holder::Route => "its choice of keys, which rests this one".to_owned(),
    }
}

/// Until when, where `at` words a time.
pub(super) fn until(denied: Option<Denied>, at: impl Fn(Timestamp) -> String) -> String {
    match denied {
        Some(Denied::Until(Timestamp::MAX)) | None => "until an answer is there".to_owned(),
        Some(Denied::Until(until)) => format!("until {}", at(until)),
        Some(_) => "for ever: it is too large".to_owned(),
    }
}

/// What a provider decided, in two words.
pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "admitted",
        Outcome::Failed => "failed",
        Outcome::Refused => "refused",
        Outcome::TooLarge => "too large",
        Outcome::Unavailable => "unavailable",
    }
}

/// Why a client turned away from its call.
pub(super) const fn hang_up(why: HangUp) -> &'static str {
    match why {
        HangUp::TimedOut => "timed out",
        HangUp::Cancelled => "cancelled",
    }
}

/// How a request ended.
pub(super) const fn end(end: End) -> &'static str {
    match end {
        End::Completed => "completed",
        End::TooLate => "answered after its deadline",
        End::Cancelled => "cancelled: its user waits no longer",
        End::Unfinished => "not done when the scenario ends",
        End::GivenUp(cause) => match cause {
            Cause::Deadline => "given up: its deadline passes",
            Cause::NeverFits => "given up: the client's own limits never hold it",
            Cause::Incurable => "given up: waiting does not cure this answer",
            Cause::NoRetries => "given up: the strategy never retries",
            Cause::Budget => "given up: the retry budget is empty",
            Cause::Policy(Reason::Attempts) => "given up: no retry is left",
            Cause::Policy(Reason::Elapsed) => "given up: it was tried for too long",
            Cause::Policy(Reason::Deadline) => "given up: a retry would miss its deadline",
            Cause::Policy(Reason::HintTooLong) => "given up: it is asked to wait for too long",
            Cause::Policy(_) => "given up by the retry policy",
        },
    }
}

/// Where a hint was read.
pub(super) const fn source(source: HintSource) -> &'static str {
    match source {
        HintSource::RetryAfterMs => "a header in milliseconds",
        HintSource::RetryAfter => "Retry-After",
        HintSource::Structured => "a field for programs",
        HintSource::Prose => "the sentence",
        HintSource::Reset => "when the limits reset",
        _ => "the response",
    }
}

/// What a provider decided about a call, and by which limit.
pub(super) fn decision(outcome: Outcome, limit: Option<String>) -> String {
    match (outcome, limit) {
        (Outcome::Success, _) => "the provider admits it".to_owned(),
        (Outcome::Failed, _) => "the provider admits it and fails".to_owned(),
        (Outcome::Unavailable, _) => "the provider has an outage".to_owned(),
        (Outcome::Refused, Some(limit)) => format!("the provider refuses it: {limit}"),
        (Outcome::Refused, None) => "the provider refuses it: too many calls under way".to_owned(),
        (Outcome::TooLarge, limit) => {
            let limit = limit.unwrap_or_default();
            format!("the provider refuses it for good: {limit} can never hold it")
        }
    }
}

/// What a request costs, without what it does not.
pub(super) fn cost(demand: Demand) -> String {
    let dimensions = [
        Dimension::Requests,
        Dimension::InputTokens,
        Dimension::OutputTokens,
    ];
    let parts = dimensions.map(|counts| (counts, counts.cost(demand)));
    let parts = parts.into_iter().filter(|(_, cost)| *cost > 0);
    let parts: Vec<_> = parts
        .map(|(counts, cost)| match (counts, cost) {
            (Dimension::Requests, 1) => "1 request".to_owned(),
            _ => format!("{} {counts}", count_u64(cost)),
        })
        .collect();
    parts.join(", ")
}
