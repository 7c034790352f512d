//! Lists of structured fields, RFC 9651: as much of them as limits are written in.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use crate::body::MOST;

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
/// Lists within lists are refused, since no limit is one. The first [`MOST`] members are kept.
pub(crate) fn list(text: &str) -> Option<Vec<Member>> {
    let mut input = Input {
        rest: text.trim_matches(' '),
    };
    let mut members = Vec::new();
    if input.rest.is_empty() {
        return Some(members);
    }
    loop {
        let member = input.member()?;
        if members.len() < MOST {
            members.push(member);
        }
        input.skip(&[' ', '\t']);
        if input.rest.is_empty() {
            return Some(members);
        }
        input.take(',')?;
        input.skip(&[' ', '\t']);
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
            self.skip(&[' ']);
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

    fn skip(&mut self, blanks: &[char]) {
        self.rest = self.rest.trim_start_matches(blanks);
    }

    fn while_in(&mut self, accepts: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !accepts(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config};
    use sfv::{BareItem, ListEntry, Parser};

    use super::*;

    /// The list as another parser reads it; none if it is malformed or has a list within.
    fn reference(text: &str) -> Option<Vec<Member>> {
        let list: sfv::List = Parser::new(text).parse().ok()?;
        let value = |item: &BareItem| match item {
            BareItem::Integer(number) => Value::Integer(i64::from(*number)),
            BareItem::String(text) => Value::Text(text.as_str().to_string()),
            BareItem::Token(text) => Value::Text(text.as_str().to_string()),
            _ => Value::Other,
        };
        let members = list.iter().map(|entry| match entry {
            ListEntry::Item(item) => Some(Member {
                value: value(&item.bare_item),
                parameters: item
                    .params
                    .iter()
                    .map(|(key, item)| (key.as_str().to_string(), value(item)))
                    .collect(),
            }),
            ListEntry::InnerList(_) => None,
        });
        members.collect()
    }

    /// The last of parameters with one key, in the order of the first.
    fn last_counts(mut members: Vec<Member>) -> Vec<Member> {
        for member in &mut members {
            let mut unique: Vec<(String, Value)> = Vec::new();
            for (key, value) in member.parameters.drain(..) {
                match unique.iter_mut().find(|(known, _)| *known == key) {
                    Some(known) => known.1 = value,
                    None => unique.push((key, value)),
                }
            }
            member.parameters = unique;
        }
        members
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        select(&[
            "\"burst\"",
            "\"a\\\"b\"",
            "daily",
            "*a/b:c",
            "100",
            "-5",
            "1.5",
            "999999999999999",
            "1000000000000000",
            "?1",
            "?2",
            "@5",
            "@1.5",
            ";",
            "; ",
            ";q=",
            ";w=60",
            ";r",
            ",",
            ", ",
            " ",
            "\t",
            "(",
            ")",
            "=",
            "\"",
            "\\",
            "Q=1",
            ":YQ==:",
            "é",
            "0.1234",
            "1.",
            "-",
        ])
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, cases: 4_096, ..Config::default() })]

        #[test]
        fn lists_are_read_as_by_another_parser(pieces in vec(piece(), 0..12)) {
            let text = pieces.concat();
            prop_assert_eq!(list(&text).map(last_counts), reference(&text), "{}", text);
        }

        #[test]
        // Without what begins a display string or bytes: they are checked less here, as no limit is one.
        fn any_text_is_read_as_by_another_parser(text in "[ -$&-9;-~]{0,24}") {
            prop_assert_eq!(list(&text).map(last_counts), reference(&text), "{}", text);
        }
    }

    #[test]
    fn the_last_parameter_of_a_key_counts() {
        let members = list("a;q=1;q=2;q").expect("a list");
        assert_eq!(members[0].count("q"), None);
        assert_eq!(list("a;q=1;q=2").expect("a list")[0].count("q"), Some(2));
        assert_eq!(list("a;q=-2").expect("a list")[0].count("q"), None);
    }

    #[test]
    fn no_more_than_a_handful_is_kept_but_all_is_checked() {
        let many = "a, ".repeat(1_000);
        assert_eq!(list(&format!("{many}a")).expect("a list").len(), MOST);
        assert_eq!(list(&many), None);
    }
}
