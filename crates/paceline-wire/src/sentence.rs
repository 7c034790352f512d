//! A limit, as a sentence describes it.

use alloc::vec::Vec;

use core::time::Duration;
use paceline_core::{LimitReading, LimitWindow, Metric};

use crate::{
    limiter_name,
    number::decimal,
    span::{self, nanos_per_word},
};

/// Reads the first limit that a text in lower case describes.
///
/// Understood are `Limit 30000, Used 22999, Requested 12528`, `50 requests per day`, `60000 per 60s`,
/// `limited to 40 API calls / minute`, `tokens per min (TPM)` and names such as `free-models-per-day`.
pub(crate) fn read(text: &str) -> LimitReading {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut reading = LimitReading::default();
    for at in 0..words.len() {
        amounts(&words, at, &mut reading);
        if reading.window.is_none() {
            rate(&words, at, &mut reading);
        }
        let (metric, window) = name(words[at]);
        reading.window = reading.window.or(window);
        if reading.metric == Metric::Unknown {
            reading.metric = metric;
        }
        if reading.metric == Metric::Unknown {
            reading.metric = phrase(&words[at..]);
        }
    }
    reading
}

/// The amounts that OpenAI and Groq name.
fn amounts(words: &[&str], at: usize, reading: &mut LimitReading) {
    let amount = || count(words.get(at + 1)?);
    match words[at].trim_matches(PUNCTUATION) {
        "limit" => reading.limit = reading.limit.or_else(amount),
        "used" | "current" => reading.used = reading.used.or_else(amount),
        "requested" => reading.requested = reading.requested.or_else(amount),
        _ => (),
    }
}

/// A window at this word, and what is counted over it.
fn rate(words: &[&str], at: usize, reading: &mut LimitReading) {
    let word = words[at].trim_matches(PUNCTUATION);
    if let Some((metric, window)) = abbreviation(word) {
        (reading.metric, reading.window) = (metric, Some(window));
        return;
    }
    let next = words.get(at + 1).map(|next| next.trim_matches(PUNCTUATION));
    let (window, counted) = match (word, next) {
        ("per" | "/", Some(next)) => match (count(next), words.get(at + 2)) {
            // `per 1 minute`
            (Some(many), Some(unit)) => (units(many, unit.trim_matches(PUNCTUATION)), at),
            _ => (unit(next), at),
        },
        ("daily", _) => (Some(Some(LimitWindow::DAY)), at),
        ("monthly", _) => (Some(Some(LimitWindow::Month)), at),
        _ => match word.split_once('/') {
            // `tokens/min`, `/min`
            Some((before, after)) if !after.contains('/') => {
                (unit(after), if before.is_empty() { at } else { at + 1 })
            }
            _ => return,
        },
    };
    let Some(window) = window else {
        return;
    };
    let Some((metric, limit)) = counted_before(&words[..counted.min(words.len())]) else {
        return;
    };
    reading.window = window;
    if metric != Metric::Unknown {
        reading.metric = metric;
    }
    reading.limit = reading.limit.or(limit);
}

/// What a word says that is the name of a limiter, as a window within it shows.
fn name(word: &str) -> (Metric, Option<LimitWindow>) {
    let is_one_word = ["per", "by"]
        .iter()
        .any(|part| word.len() > 6 && word.contains(part));
    match limiter_name::read(if is_one_word { word } else { "" }) {
        (metric, Some(window)) => (metric, Some(window)),
        (_, None) => (Metric::Unknown, None),
    }
}

/// What is counted, and how much of it, at the end of `words`: `limited to 40 api calls`.
///
/// A number is a limit only if a word before it says so, and nothing at all is told otherwise: `unlock
/// 1000 requests per day` is an offer.
fn counted_before(words: &[&str]) -> Option<(Metric, Option<u64>)> {
    let mut metric = Metric::Unknown;
    let from = words.len().saturating_sub(5);
    for at in (from..words.len()).rev() {
        // `tokens/min` came along whole.
        let word = words[at].split('/').next().unwrap_or_default();
        if let Some(limit) = count(word) {
            let before = |back: usize| {
                let word = words.get(at.checked_sub(back)?)?;
                Some(word.trim_matches(PUNCTUATION))
            };
            let is_limit = match before(1) {
                None => true,
                Some("to" | "is" | "at") => before(2).is_some_and(|word| word.starts_with("limit")),
                Some(word) => INTRODUCTIONS.contains(&word),
            };
            return is_limit.then_some((metric, Some(limit)));
        }
        metric = match (word.trim_matches(PUNCTUATION), metric) {
            ("input" | "prompt", Metric::Tokens) => Metric::InputTokens,
            ("output" | "completion", Metric::Tokens) => Metric::OutputTokens,
            ("uncached", Metric::InputTokens | Metric::Tokens) => Metric::UncachedInputTokens,
            ("concurrent", Metric::Requests) => Metric::Concurrency,
            ("token" | "tokens", Metric::Unknown) => Metric::Tokens,
            ("request" | "requests" | "call" | "calls", Metric::Unknown) => Metric::Requests,
            ("api" | "free" | "model" | "total", known) => known,
            _ => break,
        };
    }
    Some((metric, None))
}

/// Words before a number that make it a limit.
const INTRODUCTIONS: [&str; 10] = [
    "of", "limit", "exceed", "exceeds", "exceeded", "than", "only", "maximum", "max", "allowed",
];

/// What a phrase at the start of `words` says is limited, without a window.
fn phrase(words: &[&str]) -> Metric {
    let word = |at: usize| words.get(at).map(|word| word.trim_matches(PUNCTUATION));
    match (word(0), word(1), word(2)) {
        (Some("token" | "tokens"), Some("rate"), Some("limit")) => Metric::Tokens,
        (Some("call" | "request" | "requests"), Some("rate"), Some("limit")) => Metric::Requests,
        (Some("too"), Some("many"), Some("tokens")) => Metric::Tokens,
        (Some("number"), Some("of"), Some("requests")) => Metric::Requests,
        (Some("request"), Some("tokens"), _) => Metric::Tokens,
        (Some("input" | "prompt"), Some("token" | "tokens"), _) => Metric::InputTokens,
        (Some("output" | "completion"), Some("token" | "tokens"), _) => Metric::OutputTokens,
        (Some("reached" | "exceeded"), Some("for"), Some("tokens")) => Metric::Tokens,
        (Some("reached" | "exceeded"), Some("for"), Some("requests")) => Metric::Requests,
        (Some("concurrent" | "parallel"), Some("request" | "requests"), _) => Metric::Concurrency,
        (Some("concurrency" | "userconcurrentrequests"), ..) => Metric::Concurrency,
        (Some("token" | "tokens"), Some("limit" | "quota"), _) => Metric::Tokens,
        (Some("request" | "requests"), Some("limit" | "quota"), _) => Metric::Requests,
        _ => Metric::Unknown,
    }
}

/// `tpm` and its kin.
fn abbreviation(word: &str) -> Option<(Metric, LimitWindow)> {
    let (metric, window) = match word.as_bytes() {
        [b't', b'p', window] => (Metric::Tokens, window),
        [b'r', b'p', window] => (Metric::Requests, window),
        [b'i', b't', b'p', window] => (Metric::InputTokens, window),
        [b'o', b't', b'p', window] => (Metric::OutputTokens, window),
        _ => return None,
    };
    Some(match window {
        b's' => (metric, LimitWindow::SECOND),
        b'm' => (metric, LimitWindow::MINUTE),
        b'h' => (metric, LimitWindow::HOUR),
        b'd' => (metric, LimitWindow::DAY),
        _ => return None,
    })
}

/// A window after `per`: `minute`, `min`, `60s`; none at all if it is `0s`.
fn unit(word: &str) -> Option<Option<LimitWindow>> {
    if matches!(word, "month" | "mo") {
        return Some(Some(LimitWindow::Month));
    }
    let span = match nanos_per_word(word) {
        Some(nanos) => Duration::from_nanos(nanos),
        None => span::parse(word)?,
    };
    Some((!span.is_zero()).then_some(LimitWindow::Span(span)))
}

/// A window of so many units.
fn units(many: u64, unit: &str) -> Option<Option<LimitWindow>> {
    let span = Duration::from_nanos(many.checked_mul(nanos_per_word(unit)?)?);
    Some((!span.is_zero()).then_some(LimitWindow::Span(span)))
}

/// A number of cells, with or without separators of thousands.
fn count(word: &str) -> Option<u64> {
    let word = word.trim_matches(PUNCTUATION);
    if !word.contains(',') {
        return if word.is_empty() { None } else { decimal(word) };
    }
    let mut groups = word.split(',');
    let first = groups
        .next()
        .filter(|first| (1..=3).contains(&first.len()))?;
    let mut total = decimal(first)?;
    for group in groups {
        let group = decimal(group).filter(|_| group.len() == 3)?;
        total = total.checked_mul(1_000)?.checked_add(group)?;
    }
    Some(total)
}

const PUNCTUATION: [char; 10] = ['.', ',', ';', ':', '!', '(', ')', '"', '\'', '`'];
