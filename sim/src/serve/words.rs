/// What answers consist of, a token each, again and again.
const WORDS: [&str; 8] = [" The", " limit", " holds", ",", " so", " we", " wait", "."];

/// So many tokens of an answer, from one on.
pub(super) fn text(from: u64, count: u64) -> String {
    (from..from.saturating_add(count)).map(word).collect()
}

/// The token in this place; nothing comes before the first one, so that it needs no space.
fn word(place: u64) -> &'static str {
    let word = WORDS[usize::try_from(place % WORDS.len() as u64).unwrap_or_default()];
    if place == 0 { word.trim_start() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_a_space_between_them() {
        let two = "The limit holds, so we wait. The limit holds, so we wait.";
        assert_eq!(text(0, 16), two);
        assert_eq!(text(0, 0), "");
        // However many tokens come at a time, and each is a piece of the text.
        for first in 0..=16 {
            assert_eq!(text(0, first) + &text(first, 16 - first), two);
        }
        assert!((0..16).all(|place| !text(place, 1).is_empty()));
    }
}
