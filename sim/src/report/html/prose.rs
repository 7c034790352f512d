use super::text::in_one_line;

/// A sentence in which names stand apart from its words.
#[derive(Debug, Default)]
pub(super) struct Prose(pub(super) Vec<Piece>);

/// A part of a sentence.
#[derive(Debug)]
pub(super) struct Piece {
    /// What it says.
    pub(super) text: String,
    /// Whether somebody else chose it.
    pub(super) is_name: bool,
}

impl Prose {
    /// Begins with a name.
    pub(super) fn name(name: &str) -> Self {
        Self::default().and_name(name)
    }

    /// Begins with words.
    pub(super) fn words(words: impl Into<String>) -> Self {
        Self::default().and(words)
    }

    /// Begins with names: `a, b and c`, or how many more there are than three.
    pub(super) fn names(names: &[&str]) -> Self {
        const MOST: usize = 3;
        let more = names.len().saturating_sub(MOST);
        let shown = &names[..names.len() - more];
        let mut prose = Self::default();
        for (place, name) in shown.iter().enumerate() {
            if place > 0 {
                let is_last = place + 1 == shown.len() && more == 0;
                prose = prose.and(if is_last { " and " } else { ", " });
            }
            prose = prose.and_name(name);
        }
        match more {
            0 => prose,
            1 => prose.and(" and one more"),
            more => prose.and(format!(" and {more} more")),
        }
    }

    /// Goes on with words.
    pub(super) fn and(mut self, words: impl Into<String>) -> Self {
        self.0.push(Piece {
            // A number stays with its unit.
            text: words
                .into()
                .replace(" %", "\u{a0}%")
                .replace(" min", "\u{a0}min"),
            is_name: false,
        });
        self
    }

    /// Goes on with a name.
    pub(super) fn and_name(mut self, name: &str) -> Self {
        self.0.push(Piece {
            text: in_one_line(name),
            is_name: true,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_one_says_them() {
        let list = |names: &[&str]| -> String {
            let pieces = Prose::names(names).0;
            pieces.into_iter().map(|piece| piece.text).collect()
        };
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b, c and one more");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
