use paceline_core::Demand;

use crate::OutputLengths;

/// Guesses what a request will cost before it is sent, and is told what it did cost.
pub trait Estimator {
    /// How many tokens this input is.
    fn input_tokens(&self, input: &str) -> u64;

    /// How many tokens the answer may have; `None` if nothing is known yet.
    fn output_tokens(&self) -> Option<u64>;

    /// Learns what a request did cost whose input was of so many bytes.
    ///
    /// The input itself need not be kept until the answer is there.
    fn learn(&mut self, input_bytes: u64, actual: Demand);
}

/// A fixed number of bytes for each token, corrected by real usage.
///
/// It starts from four bytes a token, which is ten percent high for English and more for code. Each
/// request then moves the ratio by a 16th of the way to its own, in steps of 1/65536 tokens a byte and
/// rounded up, so after twelve requests half of the error is gone. It stays between one token in sixteen bytes, or the
/// floor that is stated, and one token a byte: no tokenizer of bytes makes more.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::{BytesPerToken, Estimator};
/// use paceline_core::Demand;
///
/// let mut estimator = BytesPerToken::new();
/// assert_eq!(estimator.input_tokens("Hello, world"), 3);
/// assert_eq!(estimator.tokens_in(4_001), 1_001);
/// for _ in 0..100 {
///     estimator.learn(4_000, Demand::request(800, 250));
/// }
/// assert!((800..=810).contains(&estimator.tokens_in(4_000)));
/// assert_eq!(estimator.output_tokens(), Some(250));
/// ```
#[derive(Clone, Debug)]
pub struct BytesPerToken {
    /// Tokens a byte, in 1/65536.
    ratio: u64,
    floor: u64,
    lengths: OutputLengths,
}

impl BytesPerToken {
    /// Starts from a token for each four bytes.
    pub const fn new() -> Self {
        Self {
            ratio: ONE / 4,
            floor: ONE / 16,
            lengths: OutputLengths::new(),
        }
    }

    /// The same estimator that never takes a token for more bytes than these.
    ///
    /// Zero counts as one.
    #[must_use]
    pub const fn with_most_bytes(self, bytes: u32) -> Self {
        let bytes = if bytes == 0 { 1 } else { bytes as u64 };
        let floor = ONE.div_ceil(bytes);
        let ratio = if self.ratio < floor {
            floor
        } else {
            self.ratio
        };
        Self {
            ratio,
            floor,
            ..self
        }
    }

    /// How many tokens so many bytes of input are, for an input of which only the size is known.
    pub fn tokens_in(&self, bytes: u64) -> u64 {
        let tokens = (u128::from(bytes) * u128::from(self.ratio)).div_ceil(u128::from(ONE));
        // The ratio is one at most.
        u64::try_from(tokens).unwrap_or(bytes)
    }
}

impl Default for BytesPerToken {
    fn default() -> Self {
        Self::new()
    }
}

impl Estimator for BytesPerToken {
    fn input_tokens(&self, input: &str) -> u64 {
        self.tokens_in(u64::try_from(input.len()).unwrap_or(u64::MAX))
    }

    fn output_tokens(&self) -> Option<u64> {
        self.lengths.most()
    }

    fn learn(&mut self, input_bytes: u64, actual: Demand) {
        self.lengths.learn(actual.output_tokens);
        let bytes = input_bytes;
        if bytes == 0 || actual.input_tokens == 0 {
            return;
        }
        let tokens = u128::from(actual.input_tokens.min(bytes));
        let seen = (tokens * u128::from(ONE)).div_ceil(u128::from(bytes));
        let moved = (15 * u128::from(self.ratio) + seen).div_ceil(16);
        let moved = u64::try_from(moved).unwrap_or(ONE);
        self.ratio = moved.clamp(self.floor, ONE);
    }
}

/// A token a byte.
const ONE: u64 = 1 << 16;
