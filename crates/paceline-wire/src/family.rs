//! Limits whose headers come in threes: limit, remaining and reset, under names that are known.

use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{LimitReading, LimitWindow, Metric, Timestamp};

use crate::{
    number::Number,
    received::{Received, Unit},
};

/// The names of one limit's headers, and what they stand for.
pub(crate) struct Names {
    pub(crate) metric: Metric,
    pub(crate) window: Option<LimitWindow>,
    /// What to call it, where one response may have two of a kind.
    pub(crate) name: Option<&'static str>,
    pub(crate) limit: &'static str,
    pub(crate) remaining: &'static str,
    pub(crate) reset: &'static str,
}

impl Names {
    /// Reads the limit if any of its headers makes sense.
    ///
    /// A provider that does not know a limit sends -1 twice and a reset of zero, which is then as
    /// unknown as the rest.
    pub(crate) fn read<'h>(
        &self,
        get: &impl Fn(&str) -> Option<&'h str>,
        received: Received,
        unit: Unit,
    ) -> Option<LimitReading> {
        let limit = get(self.limit).and_then(Number::parse);
        let remaining = get(self.remaining).and_then(Number::parse);
        let reset = get(self.reset);
        let mut reading = LimitReading::of(self.metric);
        reading.window = self.window;
        reading.name = self.name.map(Into::into);
        reading.limit = limit.and_then(Number::count);
        reading.remaining = remaining.and_then(Number::count);
        let unknown = [limit, remaining].contains(&Some(Number::Negative));
        reading.reset_at = match reset {
            Some(text) if !(unknown && is_zero(text, received, unit)) => received.read(text, unit),
            _ => None,
        };
        let speaks = limit.is_some() || remaining.is_some() || reading.reset_at.is_some();
        speaks.then_some(reading)
    }
}

fn is_zero(reset: &str, received: Received, unit: Unit) -> bool {
    received.read(reset, unit) == Some(received.after(Duration::ZERO))
}

/// `x-ratelimit-limit-requests` and the like.
macro_rules! x_ratelimit {
    ($suffix:literal, $metric:ident, $window:expr) => {
        Names {
            metric: Metric::$metric,
            window: $window,
            name: None,
            limit: concat!("x-ratelimit-limit-", $suffix),
            remaining: concat!("x-ratelimit-remaining-", $suffix),
            reset: concat!("x-ratelimit-reset-", $suffix),
        }
    };
}

/// `anthropic-ratelimit-requests-limit` and the like.
macro_rules! anthropic {
    ($prefix:literal, $suffix:literal, $metric:ident, $name:expr) => {
        Names {
            metric: Metric::$metric,
            window: Some(LimitWindow::MINUTE),
            name: $name,
            limit: concat!("anthropic-", $prefix, "-", $suffix, "-limit"),
            remaining: concat!("anthropic-", $prefix, "-", $suffix, "-remaining"),
            reset: concat!("anthropic-", $prefix, "-", $suffix, "-reset"),
        }
    };
}

const SECOND: Option<LimitWindow> = Some(LimitWindow::SECOND);
const TEN_SECONDS: Option<LimitWindow> = Some(LimitWindow::Span(Duration::from_secs(10)));
const MINUTE: Option<LimitWindow> = Some(LimitWindow::MINUTE);
const FIVE_MINUTES: Option<LimitWindow> = Some(LimitWindow::Span(Duration::from_secs(300)));
const HOUR: Option<LimitWindow> = Some(LimitWindow::HOUR);
const DAY: Option<LimitWindow> = Some(LimitWindow::DAY);
const MONTH: Option<LimitWindow> = Some(LimitWindow::Month);

/// OpenAI, Azure, Groq and whoever follows them; Fireworks counts tokens by the second.
///
/// The first is requests per minute or per day, which only arithmetic tells.
pub(crate) const OPENAI: [Names; 10] = [
    x_ratelimit!("requests", Requests, None),
    x_ratelimit!("tokens", Tokens, MINUTE),
    x_ratelimit!("project-tokens", ProjectTokens, MINUTE),
    x_ratelimit!("input-tokens", InputTokens, MINUTE),
    x_ratelimit!("output-tokens", OutputTokens, MINUTE),
    x_ratelimit!("tokens-prompt", InputTokens, SECOND),
    x_ratelimit!("tokens-cache-adjusted-prompt", UncachedInputTokens, SECOND),
    x_ratelimit!("tokens-generated", OutputTokens, SECOND),
    x_ratelimit!("concurrency", Concurrency, None),
    x_ratelimit!("concurrent-requests", Concurrency, None),
];

/// Mistral, Cerebras and Kong, which put the window into the name.
pub(crate) const BY_WINDOW: [Names; 27] = [
    x_ratelimit!("req-second", Requests, SECOND),
    x_ratelimit!("req-10-second", Requests, TEN_SECONDS),
    x_ratelimit!("req-minute", Requests, MINUTE),
    x_ratelimit!("req-5-minute", Requests, FIVE_MINUTES),
    x_ratelimit!("req-hour", Requests, HOUR),
    x_ratelimit!("req-day", Requests, DAY),
    x_ratelimit!("req-month", Requests, MONTH),
    x_ratelimit!("requests-second", Requests, SECOND),
    x_ratelimit!("requests-minute", Requests, MINUTE),
    x_ratelimit!("requests-hour", Requests, HOUR),
    x_ratelimit!("requests-day", Requests, DAY),
    x_ratelimit!("requests-month", Requests, MONTH),
    x_ratelimit!("tokens-second", Tokens, SECOND),
    x_ratelimit!("tokens-10-second", Tokens, TEN_SECONDS),
    x_ratelimit!("tokens-minute", Tokens, MINUTE),
    x_ratelimit!("tokens-5-minute", Tokens, FIVE_MINUTES),
    x_ratelimit!("tokens-hour", Tokens, HOUR),
    x_ratelimit!("tokens-day", Tokens, DAY),
    x_ratelimit!("tokens-month", Tokens, MONTH),
    x_ratelimit!("second", Requests, SECOND),
    x_ratelimit!("minute", Requests, MINUTE),
    x_ratelimit!("hour", Requests, HOUR),
    x_ratelimit!("day", Requests, DAY),
    x_ratelimit!("month", Requests, MONTH),
    // What Mistral sent until 2025.
    by_size(
        "x-ratelimitbysize-limit-minute",
        "x-ratelimitbysize-remaining-minute",
        MINUTE,
    ),
    by_size(
        "x-ratelimitbysize-limit-month",
        "x-ratelimitbysize-remaining-month",
        MONTH,
    ),
    Names {
        reset: "ratelimitbysize-reset",
        ..by_size("ratelimitbysize-limit", "ratelimitbysize-remaining", None)
    },
];

/// Anthropic's limits of a minute; the priority tier and fast mode have their own.
pub(crate) const ANTHROPIC: [Names; 8] = [
    anthropic!("ratelimit", "requests", Requests, None),
    anthropic!("ratelimit", "tokens", Tokens, None),
    anthropic!("ratelimit", "input-tokens", InputTokens, None),
    anthropic!("ratelimit", "output-tokens", OutputTokens, None),
    anthropic!("priority", "input-tokens", InputTokens, Some("priority")),
    anthropic!("priority", "output-tokens", OutputTokens, Some("priority")),
    anthropic!("fast", "input-tokens", InputTokens, Some("fast")),
    anthropic!("fast", "output-tokens", OutputTokens, Some("fast")),
];

/// Cohere's trial keys, and what Together adds for tokens.
pub(crate) const OTHERS: [Names; 3] = [
    Names {
        metric: Metric::Requests,
        window: MINUTE,
        name: None,
        limit: "x-trial-endpoint-call-limit",
        remaining: "x-trial-endpoint-call-remaining",
        reset: "x-trial-endpoint-call-reset",
    },
    Names {
        metric: Metric::Requests,
        window: MONTH,
        name: None,
        limit: "x-endpoint-monthly-call-limit",
        remaining: "x-endpoint-monthly-call-remaining",
        reset: "x-endpoint-monthly-call-reset",
    },
    Names {
        metric: Metric::Tokens,
        window: None,
        name: None,
        limit: "x-tokenlimit-limit",
        remaining: "x-tokenlimit-remaining",
        reset: "x-tokenlimit-reset",
    },
];

const fn by_size(
    limit: &'static str,
    remaining: &'static str,
    window: Option<LimitWindow>,
) -> Names {
    Names {
        metric: Metric::Tokens,
        window,
        name: None,
        limit,
        remaining,
        reset: "",
    }
}

/// Reads every family but OpenAI's.
pub(crate) fn read<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) {
    for names in BY_WINDOW.iter().chain(&ANTHROPIC).chain(&OTHERS) {
        limits.extend(names.read(get, received, Unit::Seconds));
    }
}

/// How far off a reset is, if it is not over.
pub(crate) fn until(reset_at: Timestamp, received: Received) -> Duration {
    reset_at.saturating_duration_since(received.after(Duration::ZERO))
}
