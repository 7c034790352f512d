use alloc::string::String;
use core::fmt;

use crate::Price;

/// One place to send a request to: a model of a provider, called with a key.
///
/// It is displayed as `provider/key/model`, which also labels its usage.
///
/// # Examples
///
/// ```
/// use paceline_router::{Price, Target};
///
/// let target = Target::new("openai", "team-a", "gpt-mini")
///     .with_weight(3)
///     .with_priority(1)
///     .with_price(Price { input: 150_000, output: 600_000, request: 0 });
/// assert_eq!(target.to_string(), "openai/team-a/gpt-mini");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The provider's name; with a region, where regions have limits of their own.
    pub provider: String,
    /// A label of the key, such as the name of its account. Never the secret itself: labels are
    /// printed, compared and counted by.
    pub key: String,
    /// The model.
    pub model: String,
    /// Its share among equals. Zero is the last resort: it is chosen if only such targets admit the
    /// request.
    pub weight: u64,
    /// Its place under [`Policy::Priority`](crate::Policy::Priority); the smallest comes first.
    pub priority: u32,
    /// What it charges.
    pub price: Price,
}

impl Target {
    /// Names a target of weight 1 and priority 0 that costs nothing.
    pub fn new(
        provider: impl Into<String>,
        key: impl Into<String>,
        model: impl Into<String>,
    ) -> Self {
        Self {
            provider: provider.into(),
            key: key.into(),
            model: model.into(),
            weight: 1,
            priority: 0,
            price: Price::default(),
        }
    }

    /// Sets its share among equals.
    #[must_use]
    pub fn with_weight(self, weight: u64) -> Self {
        Self { weight, ..self }
    }

    /// Sets its place; the smallest comes first.
    #[must_use]
    pub fn with_priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// Sets what it charges.
    #[must_use]
    pub fn with_price(self, price: Price) -> Self {
        Self { price, ..self }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.provider, self.key, self.model)
    }
}
