//! Exact counts: those of another tokenizer, and in bounded time.

use paceline_adaptive::{Estimator, ExactTokens};
use paceline_core::Demand;
use proptest::prelude::*;

/// Texts, and their tokens in o200k and in cl100k, as `encode_ordinary` of tiktoken-rs 0.12.1 counts
/// them, another implementation with a vocabulary of its own.
const COUNTED: [(&str, u64, u64); 8] = [
    ("", 0, 0),
    ("hello", 1, 1),
    ("Keep the limits, and nobody is refused.", 9, 9),
    (
        "fn pace(now: u64) -> u64 {\n    now.saturating_add(1_000)\n}\n",
        23,
        23,
    ),
    ("Größe, Übermaß und 速度制限 — naïve café 🚦🚦", 18, 22),
    ("    \n\n\t x  y   z 12345678", 11, 11),
    // Text, and no special token.
    ("<|endoftext|>", 7, 7),
    ("it's WE'RE they'll", 5, 6),
];

#[test]
fn counts_are_those_of_another_tokenizer() {
    let (o200k, cl100k) = (ExactTokens::o200k(), ExactTokens::cl100k());
    for (text, in_o200k, in_cl100k) in COUNTED {
        assert_eq!(o200k.count(text), in_o200k, "{text:?}");
        assert_eq!(cl100k.count(text), in_cl100k, "{text:?}");
        assert_eq!(o200k.input_tokens(text), in_o200k, "{text:?}");
    }
}

/// A word of this length takes naive tokenizers minutes; by tiktoken-rs 0.12.1 it is this many tokens.
#[test]
fn one_long_word_is_counted_like_any_text() {
    let word = "a".repeat(200_000);
    for tokens in [ExactTokens::o200k(), ExactTokens::cl100k()] {
        assert_eq!(tokens.count(&word), 25_000);
        assert_eq!(tokens.count_up_to(&word, 25_000), Some(25_000));
        assert_eq!(tokens.count_up_to(&word, 24_999), None);
    }
}

#[test]
fn it_learns_how_long_answers_are_and_nothing_else() {
    let mut tokens = ExactTokens::o200k();
    assert_eq!(tokens.output_tokens(), None);
    tokens.learn(5, Demand::request(1_000, 70));
    assert_eq!(tokens.output_tokens(), Some(70));
    assert_eq!(tokens.input_tokens("hello"), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The bound is inclusive, whatever the text.
    #[test]
    fn a_bound_changes_no_count(text in "\\PC{0,60}|[ a-z\\n]{0,200}", most in 0_u64..80) {
        let tokens = ExactTokens::cl100k();
        let count = tokens.count(&text);
        prop_assert_eq!(tokens.count_up_to(&text, most), (count <= most).then_some(count));
        prop_assert_eq!(tokens.count_up_to(&text, u64::MAX), Some(count));
        // No token is empty.
        let bytes = u64::try_from(text.len()).expect("short");
        prop_assert!(count <= bytes);
    }
}
