//! What kind of refusal a response is.

use paceline_core::{Class, LimitReading};

use crate::{body::Body, family::until, received::Received, refusal::refills};

/// What is known of a refused request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    /// The status; zero if it came within a stream and named none.
    pub(crate) status: u16,
    pub(crate) body: &'a Body,
    /// What the headers say.
    pub(crate) limits: &'a [LimitReading],
    /// What the body says refused it.
    pub(crate) refusals: &'a [LimitReading],
    /// Whether a subscription is used up.
    pub(crate) rejected: bool,
    /// How many nanoseconds the response says to stay away.
    pub(crate) wait: Option<u128>,
    pub(crate) received: Received,
}

impl Refused<'_> {
    /// The class of the refusal: the one that a wait cures least comes first.
    pub(crate) fn class(&self) -> Class {
        if self.is_too_large() {
            Class::TooLarge
        } else if self.is_billing() {
            Class::Billing
        } else if self.is_overload() {
            Class::Overload
        } else if self.is_quota() {
            Class::Quota
        } else if self.is_pace() {
            Class::Pace
        } else {
            Class::Other
        }
    }

    fn is_too_large(&self) -> bool {
        let beyond =
            |l: &LimitReading| matches!((l.requested, l.limit), (Some(r), Some(l)) if r > l);
        self.status == 413
            || self.refusals.iter().any(beyond)
            || self.body.has_code(&TOO_LARGE_CODES)
            || (self.may_be(&[400, 422, 429]) && self.body.says(&TOO_LARGE_PHRASES))
    }

    fn is_billing(&self) -> bool {
        // Google says "check your plan and billing details" of any quota.
        let google = self.body.has_code(&["resourceexhausted"]);
        self.status == 402
            || self.body.has_code(&BILLING_CODES)
            || self.body.says(&BILLING_PHRASES)
            || (!google && self.body.says(&["check your plan and billing details"]))
    }

    fn is_overload(&self) -> bool {
        // "High demand" is also why OpenRouter limits a model to a number of requests per minute.
        let limited = self.refusals.iter().any(|l| l.limit.is_some());
        matches!(self.status, 503 | 529)
            || self.body.has_code(&OVERLOAD_CODES)
            || (!limited && self.may_be(&[429, 500, 502, 504]) && self.body.says(&OVERLOAD_PHRASES))
    }

    fn is_quota(&self) -> bool {
        if !self.may_be(&[400, 403, 429]) {
            return false;
        }
        let ends = |l: &LimitReading| {
            let reset = || Some(until(l.reset_at?, self.received).as_nanos());
            let wait = self.wait.or_else(reset);
            l.window.is_some_and(|window| window.is_long())
                && !wait.is_some_and(|wait| refills(l, wait))
        };
        // Rule 9: where nothing is ever allowed, no wait helps.
        let nothing = |l: &LimitReading| l.limit == Some(0) && l.remaining.is_none_or(|r| r == 0);
        self.rejected
            || self.body.has_code(&QUOTA_CODES)
            || self.body.says(&QUOTA_PHRASES)
            || self.refusals.iter().any(|l| ends(l) || nothing(l))
            || self
                .limits
                .iter()
                .any(|l| l.is_exhausted() && (ends(l) || nothing(l)))
    }

    fn is_pace(&self) -> bool {
        let exhausted = || self.limits.iter().any(LimitReading::is_exhausted);
        let says = || self.body.says(&PACE_PHRASES);
        match self.status {
            429 => true,
            // GitHub's way.
            403 => exhausted() || says() || self.body.has_code(&PACE_CODES),
            0 => says() || self.body.has_code(&PACE_CODES),
            _ => self.body.has_code(&PACE_CODES),
        }
    }

    /// Whether the status is one of these, or unknown.
    fn may_be(&self, statuses: &[u16]) -> bool {
        self.status == 0 || statuses.contains(&self.status)
    }
}

const TOO_LARGE_CODES: [&str; 7] = [
    "contextlengthexceeded",
    "contextwindowexceeded",
    "modelcontextwindowexceeded",
    "requesttoolarge",
    "payloadtoolarge",
    "requestentitytoolarge",
    "tokenlimitexceededforrequest",
];

const TOO_LARGE_PHRASES: [&str; 9] = [
    "request too large",
    "request is too large",
    "prompt is too long",
    "input is too long",
    "maximum context length",
    "context length exceeded",
    "exceeds the context window",
    "exceed context limit",
    "exceeds the maximum number of tokens",
];

const BILLING_CODES: [&str; 17] = [
    "insufficientquota",
    "insufficientbalance",
    "insufficientcredits",
    "insufficientfunds",
    "billinghardlimitreached",
    "billingnotactive",
    "billingerror",
    "billinglimitreached",
    "paymentrequired",
    "paymentrequirederror",
    "creditlimit",
    "creditlimitexceeded",
    "creditsexhausted",
    "exceededcurrentquotaerror",
    "arrearage",
    "outofcredits",
    "accountoverdue",
];

const BILLING_PHRASES: [&str; 14] = [
    "insufficient_quota",
    "insufficient quota",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "credit balance is too low",
    "requires more credits",
    "out of credits",
    "available credits",
    "credits are depleted",
    "credits have been depleted",
    "credits exhausted",
    "billing hard limit",
    "account is not active",
];

const OVERLOAD_CODES: [&str; 20] = [
    "overloaded",
    "overloadederror",
    "serverisoverloaded",
    "engineoverloaded",
    "engineoverloadederror",
    "modeloverloaded",
    "slowdown",
    "queueexceeded",
    "servicetiercapacityexceeded",
    "3505",
    "capacityexceeded",
    "nocapacity",
    "unavailable",
    "serviceunavailable",
    "serviceunavailableerror",
    "serviceunavailableexception",
    "modelnotreadyexception",
    "upstreamprovidersharedpool",
    "problemtemporaryreducedcapacity",
    "serverbusy",
];

const OVERLOAD_PHRASES: [&str; 14] = [
    "overloaded",
    "high demand",
    "high traffic",
    "heavy load",
    "capacity exceeded",
    "enough capacity",
    "out of capacity",
    "at capacity",
    "no capacity",
    "insufficient capacity",
    "rate-limited upstream",
    "provider busy",
    "server is busy",
    "too busy",
];

const QUOTA_CODES: [&str; 13] = [
    "enforcedspendlimitreached",
    "spendlimitreached",
    "spendlimitexceeded",
    "usagelimitreached",
    "usagelimitexceeded",
    "usagelimitreachederror",
    "quotaexhausted",
    "quotaexceeded",
    "dailylimitexceeded",
    "monthlylimitexceeded",
    "dailyquotaexceeded",
    "monthlyquotaexceeded",
    "servicequotaexceededexception",
];

const QUOTA_PHRASES: [&str; 13] = [
    "usage limit",
    "spend limit",
    "spending limit",
    "spend cap",
    "spending cap",
    "daily limit",
    "daily quota",
    "monthly limit",
    "monthly quota",
    "weekly limit",
    "key limit exceeded",
    "you will regain access",
    "out of call volume quota",
];

const PACE_CODES: [&str; 18] = [
    "ratelimit",
    "ratelimiterror",
    "ratelimited",
    "ratelimitexceeded",
    "ratelimitreached",
    "ratelimitreachederror",
    "toomanyrequests",
    "toomanyrequestserror",
    "toomanyrequestsexception",
    "requestlimitexceeded",
    "resourceexhausted",
    "throttling",
    "throttlingexception",
    "throttledexception",
    "throttled",
    "requestthrottled",
    "provisionedthroughputexceededexception",
    "problemquotaexceeded",
];

const PACE_PHRASES: [&str; 4] = [
    "rate limit",
    "rate_limit",
    "too many requests",
    "too many tokens",
];
