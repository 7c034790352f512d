//! Lists of structured fields, RFC 9651: as much of them as limits are written in.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// One member of a list, with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) value: Value,
    pub(crate) parameters: Vec<(String, Value)>,
}

/// A bare item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    /// A string or a token: `"daily"` and `daily` are one name.
    Text(String),
    /// Any other type, which no limit is written in.
    Other,
}

impl Member {
    /// The value of a parameter; the last one counts, as the RFC says.
    pub(crate) fn parameter(&self, key: &str) -> Option<&Value> {
        let mut all = self.parameters.iter().rev();
        Some(&all.find(|(known, _)| known == key)?.1)
    }

    /// A parameter that is a whole number of at least zero.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        match self.parameter(key)? {
            Value::Integer(count) => u64::try_from(*count).ok(),
            Value::Text(_) | Value::Other => None,
        }
    }
}

/// Reads a list of items; nothing at all if any part of it is malformed, as the RFC demands.
///
/// Lists within lists are refused, since no limit is one.
pub(crate) fn list(text: &str) -> Option<Vec<Member>> {
    let mut input = Input {
        rest: text.trim_matches(' '),
    };
    let mut members = Vec::new();
    if input.rest.is_empty() {
        return Some(members);
    }
    loop {
        members.push(input.member()?);
        input.skip([' ', '\t']);
        if input.rest.is_empty() {
            return Some(members);
        }
        input.take(',')?;
        input.skip([' ', '\t']);
    }
}

struct Input<'t> {
    rest: &'t str,
}

impl<'t> Input<'t> {
    fn member(&mut self) -> Option<Member> {
        let value = self.value()?;
        let mut parameters = Vec::new();
        while self.take(';').is_some() {
            self.skip([' ', ' ']);
            let starts = |c: char| c.is_ascii_lowercase() || c == '*';
            self.rest.starts_with(starts).then_some(())?;
            let key = self.while_in(|c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | '*')
            });
            // A key alone is a boolean.
            let value = match self.take('=') {
                Some(()) => self.value()?,
                None => Value::Other,
            };
            parameters.push((key.to_owned(), value));
        }
        Some(Member { value, parameters })
    }

    fn value(&mut self) -> Option<Value> {
        match self.rest.chars().next()? {
            '"' => self.string(),
            '-' | '0'..='9' => self.number(),
            'A'..='Z' | 'a'..='z' | '*' => Some(Value::Text(
                self.while_in(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c))
                    .to_owned(),
            )),
            '?' => {
                self.take('?')?;
                self.take('0').or_else(|| self.take('1'))?;
                Some(Value::Other)
            }
            '@' => {
                self.take('@')?;
                // A date is a whole number of seconds.
                matches!(self.number()?, Value::Integer(_)).then_some(Value::Other)
            }
            ':' => {
                self.take(':')?;
                self.while_in(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
                self.take(':')?;
                Some(Value::Other)
            }
            '%' => {
                self.take('%')?;
                self.take('"')?;
                self.while_in(|c| matches!(c, ' '..='~') && c != '"');
                self.take('"')?;
                Some(Value::Other)
            }
            _ => None,
        }
    }

    fn string(&mut self) -> Option<Value> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            text.push_str(self.while_in(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'));
            if self.take('"').is_some() {
                return Some(Value::Text(text));
            }
            self.take('\\')?;
            let escaped = self
                .rest
                .chars()
                .next()
                .filter(|c| matches!(c, '"' | '\\'))?;
            self.take(escaped)?;
            text.push(escaped);
        }
    }

    /// At most 15 digits, or 12 with a fraction of at most 3.
    fn number(&mut self) -> Option<Value> {
        let negative = self.take('-').is_some();
        let whole = self.while_in(|c| c.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 {
            return None;
        }
        if self.take('.').is_some() {
            let fraction = self.while_in(|c| c.is_ascii_digit());
            let legal = whole.len() <= 12 && (1..=3).contains(&fraction.len());
            return legal.then_some(Value::Other);
        }
        let whole: i64 = whole.parse().ok()?;
        Some(Value::Integer(if negative { -whole } else { whole }))
    }

    fn take(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn skip(&mut self, blanks: [char; 2]) {
        self.rest = self.rest.trim_start_matches(blanks);
    }

    fn while_in(&mut self, accepts: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !accepts(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}
