use alloc::{string::String, vec::Vec};
use core::{str, time::Duration};

use crate::{
    json,
    number::{Number, decimal},
    span, sse,
};

/// How many words, headers, violations and policies of one response are kept.
///
/// None has more than a handful; a bound keeps the work in proportion to the input.
pub(crate) const MOST: usize = 64;

/// What a body says, in whatever form.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// Whether it is an error, whatever the status.
    pub(crate) is_error: bool,
    /// A status from 400 to 599 that it repeats.
    pub(crate) status: Option<u16>,
    /// Its words for machines, in lower case and with nothing but letters and digits.
    pub(crate) codes: Vec<String>,
    /// Its sentences, each on a line, in lower case.
    pub(crate) text: String,
    /// How long it says to stay away, in a field made for that; the longest.
    pub(crate) retry_after: Option<Duration>,
    /// When it says to come back, in a field made for that; as written.
    pub(crate) resets_at: Option<String>,
    /// What Google says was violated.
    pub(crate) violations: Vec<Violation>,
    /// Headers of the answer that a gateway got.
    pub(crate) headers: Vec<(String, String)>,
}

/// One quota that Google says was violated, as written.
#[derive(Debug, Default)]
pub(crate) struct Violation {
    pub(crate) id: String,
    pub(crate) metric: String,
    pub(crate) value: String,
}

impl Body {
    /// Reads a body: JSON, a stream of events, or plain text if it `is_error`.
    pub(crate) fn read(bytes: &[u8], is_error: bool) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = bytes.trim_ascii_start();
        let mut body = Self::default();
        if matches!(bytes.first(), Some(b'{' | b'[')) {
            json::read(bytes, &mut body);
            return body;
        }
        if sse::is_stream(bytes) {
            return sse::first_error(bytes);
        }
        if is_error {
            let valid = match str::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
            };
            body.text(valid);
        }
        body
    }

    /// Takes a sentence.
    pub(crate) fn text(&mut self, sentence: &str) {
        let start = self.text.len();
        self.text.push_str(sentence);
        self.text[start..].make_ascii_lowercase();
        self.text.push('\n');
    }

    /// Takes a word for machines, or a status.
    ///
    /// AWS puts a namespace before a `#` and an address behind a `:`. The types of problems that the
    /// IETF registered are marked as such, because their words mean less than others take them for.
    pub(crate) fn code(&mut self, word: &str) {
        if let Some(status) = decimal(word).filter(|status| (400..600).contains(status)) {
            self.status = self.status.or_else(|| u16::try_from(status).ok());
        }
        let mut code = String::new();
        if word.contains("http-problem-types#") {
            code.push_str("problem");
        }
        let word = word.rsplit('#').next().unwrap_or(word);
        let word = word.split(':').next().unwrap_or(word);
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        code.extend(letters.map(|c| c.to_ascii_lowercase()));
        if !code.is_empty() && self.codes.len() < MOST {
            self.codes.push(code);
        }
    }

    /// Takes a span: a number of seconds, or a duration such as `38s`.
    pub(crate) fn seconds(&mut self, text: &str) {
        let number = Number::parse(text).and_then(|number| span::times(number, 1_000_000_000));
        self.retry_after = self.retry_after.max(number.or_else(|| span::parse(text)));
    }

    /// Takes a span in milliseconds.
    pub(crate) fn millis(&mut self, text: &str) {
        let number = Number::parse(text).and_then(|number| span::times(number, 1_000_000));
        self.retry_after = self.retry_after.max(number);
    }

    /// Takes a point in time, in any encoding.
    pub(crate) fn moment(&mut self, text: &str) {
        if self.resets_at.is_none() {
            self.resets_at = Some(text.into());
        }
    }

    /// Whether it has any of these words for machines.
    pub(crate) fn has_code(&self, words: &[&str]) -> bool {
        self.codes.iter().any(|code| words.contains(&code.as_str()))
    }

    /// Whether any of its sentences contains any of these phrases.
    pub(crate) fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.text.contains(phrase))
    }
}
