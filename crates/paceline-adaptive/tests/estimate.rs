//! Estimates: on the safe side at first, true later, and within their bounds always.

use paceline_adaptive::{BytesPerToken, ChargeRule, Estimator, OutputLengths};
use paceline_core::Demand;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_steady_ratio_is_learned_from_above(bytes_per_token in 1_u64..=16, start in 1_u64..100) {
        let bytes = 16_000;
        let tokens = bytes / bytes_per_token;
        let mut estimator = BytesPerToken::new();
        for n in 0..200 {
            estimator.learn(bytes, Demand::request(tokens, start + n));
        }
        let estimate = estimator.tokens_in(bytes);
        // From below it rises to a 64th of the unit; from above it stops 15 units short.
        prop_assert!(estimate + 1 >= tokens, "{} for {}", estimate, tokens);
        prop_assert!(estimate <= tokens + 16 * bytes / 65_536 + 1, "{} for {}", estimate, tokens);
    }

    #[test]
    fn no_usage_breaks_a_ratio(
        usages in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..100),
        bytes in any::<u64>(),
        most_bytes in 0_u32..100,
    ) {
        let mut estimator = BytesPerToken::new().with_most_bytes(most_bytes);
        for (bytes, input, output) in usages {
            estimator.learn(bytes, Demand::request(input, output));
        }
        let tokens = estimator.tokens_in(bytes);
        prop_assert!(tokens <= bytes);
        prop_assert!(tokens >= bytes / u64::from(most_bytes.max(1)), "{} of {}", tokens, bytes);
    }

    #[test]
    fn nine_of_ten_recent_answers_are_no_longer(lengths in prop::collection::vec(any::<u64>(), 1..300)) {
        let mut recent = OutputLengths::new();
        for &length in &lengths {
            recent.learn(length);
        }
        let most = recent.most().expect("there is one");
        let last = &lengths[lengths.len().saturating_sub(OutputLengths::KEPT)..];
        let within = last.iter().filter(|length| **length <= most).count();
        let below = last.iter().filter(|length| **length < most).count();
        prop_assert!(10 * within >= 9 * last.len());
        prop_assert!(10 * below < 9 * last.len());
    }
}

#[test]
fn nothing_is_learned_from_a_request_without_bytes_or_tokens() {
    let mut estimator = BytesPerToken::new();
    estimator.learn(0, Demand::request(100, 5));
    estimator.learn(100, Demand::request(0, 7));
    assert_eq!(estimator.tokens_in(401), 101);
    assert_eq!(estimator.output_tokens(), Some(7));
}

#[test]
fn a_text_is_as_many_bytes_as_it_has_in_utf_8() {
    let estimator = BytesPerToken::new();
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        ("four", 1),
        ("Größe", 2),
        ("速度制限", 3),
    ] {
        assert_eq!(estimator.input_tokens(text), tokens, "{text}");
    }
}

#[test]
fn more_is_never_cached_than_was_sent() {
    assert_eq!(
        ChargeRule::UncachedInput.demand(10, 5, 11),
        Demand::request(0, 0)
    );
}
