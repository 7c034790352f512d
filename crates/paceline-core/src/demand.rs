use core::fmt;

/// What one request asks of a provider.
///
/// # Examples
///
/// ```
/// use paceline_core::{Demand, Dimension};
///
/// let demand = Demand::request(1_200, 300);
/// assert_eq!(Dimension::Requests.cost(demand), 1);
/// assert_eq!(Dimension::Tokens.cost(demand), 1_500);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Demand {
    /// Requests; one, unless batched.
    pub requests: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received, or the most that may be.
    pub output_tokens: u64,
}

impl Demand {
    /// One request that sends and receives so many tokens.
    pub const fn request(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            requests: 1,
            input_tokens,
            output_tokens,
        }
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Tokens sent.
    InputTokens,
    /// Tokens received.
    OutputTokens,
    /// Tokens sent and received.
    Tokens,
}

impl Dimension {
    /// The cost of `demand` in this dimension, in cells; saturates at [`u64::MAX`].
    pub const fn cost(self, demand: Demand) -> u64 {
        match self {
            Self::Requests => demand.requests,
            Self::InputTokens => demand.input_tokens,
            Self::OutputTokens => demand.output_tokens,
            Self::Tokens => demand.input_tokens.saturating_add(demand.output_tokens),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Requests => "requests",
            Self::InputTokens => "input tokens",
            Self::OutputTokens => "output tokens",
            Self::Tokens => "tokens",
        })
    }
}
