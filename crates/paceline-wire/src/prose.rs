//! When to come back, as a sentence says it.

use core::time::Duration;

use paceline_core::Timestamp;

use crate::{
    number::Number,
    rfc3339,
    span::{self, nanos_per_word},
};

/// When a sentence says to come back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    After(Duration),
    At(Timestamp),
}

/// What stands before a time to come back, in lower case.
const ANCHORS: [&str; 25] = [
    "try again in",
    "try again after",
    "try again at",
    "again in",
    "retry in",
    "retry after",
    "retry at",
    "retrying in",
    "retrying after",
    "please wait",
    "wait for",
    "wait at least",
    "must wait",
    "reset after",
    "reset in",
    "reset at",
    "reset on",
    "resets after",
    "resets in",
    "resets at",
    "resets on",
    "available in",
    "regain access on",
    "regain access at",
    // An error of Google's within another's sentence.
    "retrydelay\"",
];

/// Words between an anchor and its time that mean nothing.
const FILLERS: [&str; 9] = [
    "about ",
    "approximately ",
    "around ",
    "at least ",
    "another ",
    "up to ",
    "for ",
    "~",
    "\"",
];

/// Reads the first time to come back in a text in lower case.
///
/// A duration is read whole or not at all: what follows the last unit that is understood must not be
/// a number.
pub(crate) fn read(text: &str) -> Option<When> {
    ANCHORS.into_iter().find_map(|anchor| {
        text.match_indices(anchor).find_map(|(start, _)| {
            let rest = &text[start + anchor.len()..];
            let mut rest = rest.strip_prefix(':').unwrap_or(rest).strip_prefix(' ')?;
            while let Some(after) = FILLERS.iter().find_map(|word| rest.strip_prefix(word)) {
                rest = after;
            }
            match rfc3339::prefix(rest) {
                Some((at, _)) => Some(When::At(at)),
                None => duration(rest).map(When::After),
            }
        })
    })
}

/// The duration at the start of `text`: `1m2.3s`, `7h 21m`, `30 seconds`, `2 minutes and 5 seconds`.
fn duration(text: &str) -> Option<Duration> {
    let mut words = text.split_whitespace();
    let mut total: Option<Duration> = None;
    while let Some(word) = words.next() {
        let bare = word.trim_end_matches(PUNCTUATION);
        if total.is_some() && bare == "and" {
            continue;
        }
        if !bare.starts_with(|c: char| c.is_ascii_digit()) {
            return total;
        }
        let (part, last) = match Number::parse(bare) {
            // A number that ends a sentence has no unit.
            Some(_) if bare.len() < word.len() => return None,
            Some(number) => {
                let unit = words.next()?;
                let name = unit.trim_end_matches(PUNCTUATION);
                let name = name.strip_suffix("(s").unwrap_or(name);
                (span::times(number, nanos_per_word(name)?)?, unit)
            }
            None => (span::parse(bare)?, word),
        };
        total = Some(total.unwrap_or_default().checked_add(part)?);
        if last.ends_with(['.', ';', '!', ')', ']', '}', '"', '\'']) {
            return total;
        }
    }
    total
}

const PUNCTUATION: [char; 11] = ['.', ',', ';', ':', '!', ')', ']', '}', '"', '\'', '`'];

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u128> {
        match read(text)? {
            When::After(span) => Some(span.as_millis()),
            When::At(at) => Some(u128::from(at.as_nanos() / 1_000_000)),
        }
    }

    #[test]
    fn rule_7_sentences_are_read_whole_or_not_at_all() {
        for (text, expected) in [
            ("please try again in 1m2.3s. visit us", 62_300),
            ("try again in 386ms.", 386),
            ("please wait 46 seconds before retrying.", 46_000),
            ("try again in 60 seconds. 5 deployments left", 60_000),
            ("try again in about 2 minutes and 5 seconds", 125_000),
            ("your quota will reset after 7h 21m.", 26_460_000),
            ("retry after 1 second", 1_000),
            ("try again in 3 hour(s).", 10_800_000),
            ("please retry in 37.4s.\"", 37_400),
            (
                "regain access on 2026-09-01 at 00:00 utc.",
                1_788_220_800_000,
            ),
            ("retry after soon. try again in 9s", 9_000),
            ("{\"retrydelay\": \"38s\", \"x\": 1}", 38_000),
            (
                "limit resets at: 2026-09-01 00:00:00 utc",
                1_788_220_800_000,
            ),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for text in [
            "try again in 1m26.4x",
            "try again in 1m 26.4",
            "try again in 5.",
            "try again in 5 attempts",
            "try again in 2 minutes 30 units",
            "try again in a while",
            "try again later",
            "in 5s",
            "try again in -5s",
            "try again in 99999999999999 days",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
