use core::fmt;

use bpe_openai::{Normalizable, Tokenizer, cl100k_base, o200k_base};
use paceline_core::Demand;

use crate::{Estimator, OutputLengths};

/// The number of tokens of a text, exact for OpenAI's encodings.
///
/// It counts plain text: what looks like a special token is text, and the few tokens by which a
/// provider wraps each message come on top. For other providers' models it is an estimate that learns
/// nothing; [`BytesPerToken`](crate::BytesPerToken) learns. How long answers are is learned here too.
///
/// Making the first one of an encoding takes about half a second in an optimised build, as it reads the
/// vocabulary; all share it. Counting takes time in proportion to the text, whatever it is: about a
/// second for 3 MB.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::{Estimator, ExactTokens};
///
/// let tokens = ExactTokens::o200k();
/// assert_eq!(tokens.count("Keep the limits, and nobody is refused."), 9);
/// assert_eq!(tokens.input_tokens("hello"), 1);
/// // A long text need not be counted to its end.
/// assert_eq!(tokens.count_up_to("to be or not to be", 6), Some(6));
/// assert_eq!(tokens.count_up_to("to be or not to be", 5), None);
/// ```
#[derive(Clone)]
pub struct ExactTokens {
    tokenizer: &'static Tokenizer,
    lengths: OutputLengths,
}

impl ExactTokens {
    /// Counts in o200k: GPT-4o and later, and o1 and later.
    pub fn o200k() -> Self {
        Self::new(o200k_base())
    }

    /// Counts in cl100k: GPT-3.5 and GPT-4, and the embeddings.
    pub fn cl100k() -> Self {
        Self::new(cl100k_base())
    }

    const fn new(tokenizer: &'static Tokenizer) -> Self {
        Self {
            tokenizer,
            lengths: OutputLengths::new(),
        }
    }

    /// How many tokens a text is.
    pub fn count(&self, text: &str) -> u64 {
        whole(self.tokenizer.count(text))
    }

    /// How many tokens a text is, if these are `most` at most.
    ///
    /// It counts no further than that.
    pub fn count_up_to(&self, text: &str, most: u64) -> Option<u64> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // These encodings take text as it is.
        let text = text.normalize(false);
        self.tokenizer.count_till_limit(&text, most).map(whole)
    }
}

impl Estimator for ExactTokens {
    fn input_tokens(&self, input: &str) -> u64 {
        self.count(input)
    }

    fn output_tokens(&self) -> Option<u64> {
        self.lengths.most()
    }

    fn learn(&mut self, _: u64, actual: Demand) {
        self.lengths.learn(actual.output_tokens);
    }
}

impl fmt::Debug for ExactTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ExactTokens");
        debug
            .field("lengths", &self.lengths)
            .finish_non_exhaustive()
    }
}

fn whole(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX)
}
