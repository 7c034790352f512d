use paceline_core::Demand;

/// What a provider charges for a request when it admits it.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::ChargeRule;
/// use paceline_core::Demand;
///
/// // 2,000 tokens sent, of which 1,500 are in the provider's cache; 800 may come back.
/// let demand = |rule: ChargeRule| rule.demand(2_000, 800, 1_500);
/// assert_eq!(demand(ChargeRule::InputAndMax), Demand::request(2_000, 800));
/// assert_eq!(demand(ChargeRule::Input), Demand::request(2_000, 0));
/// assert_eq!(demand(ChargeRule::UncachedInputAndMax), Demand::request(500, 800));
/// assert_eq!(demand(ChargeRule::UncachedInput), Demand::request(500, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ChargeRule {
    /// Input and `max_tokens`, as OpenAI, Azure, Bedrock and Cerebras; the strictest, and the default.
    #[default]
    InputAndMax,
    /// Input alone, as Gemini; output is not limited, or as it comes.
    Input,
    /// Input that is not in the cache, and `max_tokens`, as Groq.
    UncachedInputAndMax,
    /// Input that is not in the cache, as Anthropic; output is charged as it comes.
    UncachedInput,
}

impl ChargeRule {
    /// One request of so many input tokens, of which some are cached, with so many output tokens at most.
    ///
    /// If a request states no `max_tokens`, pass what the provider then assumes, or an estimate.
    pub const fn demand(self, input_tokens: u64, max_tokens: u64, cached_tokens: u64) -> Demand {
        let uncached = input_tokens.saturating_sub(cached_tokens);
        match self {
            Self::InputAndMax => Demand::request(input_tokens, max_tokens),
            Self::Input => Demand::request(input_tokens, 0),
            Self::UncachedInputAndMax => Demand::request(uncached, max_tokens),
            Self::UncachedInput => Demand::request(uncached, 0),
        }
    }
}
