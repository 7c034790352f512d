/// What answers consist of, a token each.
const WORDS: [&str; 8] = ["The", " limit", " holds", ",", " so", " we", " wait", "."];

/// So many tokens of an answer, from one on.
pub(super) fn text(from: u64, count: u64) -> String {
    let (from, count) = (at(from), usize::try_from(count).unwrap_or(usize::MAX));
    WORDS
        .iter()
        .cycle()
        .skip(from)
        .take(count)
        .copied()
        .collect()
}

fn at(place: u64) -> usize {
    usize::try_from(place % WORDS.len() as u64).unwrap_or_default()
}
