use core::{error, fmt};

use paceline_core::Timestamp;

/// Why no target was chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoRoute {
    /// All targets are used up or excluded.
    AllExhausted {
        /// When the first of them admits the request; `None` if none will by the passing of time
        /// alone, or if there are no targets.
        until: Option<Timestamp>,
    },
    /// The request exceeds what any target will ever admit. Make it smaller.
    TooLarge,
}

impl NoRoute {
    /// When to ask again, or `None` if waiting is pointless.
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::AllExhausted { until } => until,
            Self::TooLarge => None,
        }
    }
}

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllExhausted { until: Some(at) } => {
                write!(f, "all targets are exhausted until {at:?}")
            }
            Self::AllExhausted { until: None } => {
                f.write_str("all targets are exhausted, and none returns by itself")
            }
            Self::TooLarge => f.write_str("the request is too large for every target"),
        }
    }
}

impl error::Error for NoRoute {}
