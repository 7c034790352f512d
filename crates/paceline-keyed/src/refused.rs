use core::{error, fmt};

use paceline_core::{Denied, Timestamp};

/// Why a keyed store does not admit a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// The key's limiter denies it.
    Denied(Denied),
    /// The key is new, and there is no room for it.
    Full {
        /// When the first of the slots that were looked at becomes free, if any was looked at.
        ///
        /// It is a hint: others may take that slot, and one that was not looked at may be free
        /// earlier.
        retry_at: Option<Timestamp>,
    },
}

impl Refused {
    /// When to ask again, or `None` if that is unknown or pointless.
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::Denied(denied) => denied.retry_at(),
            Self::Full { retry_at } => retry_at,
        }
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Full { .. } => f.write_str("no room for another key"),
        }
    }
}

impl error::Error for Refused {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Denied(denied) => Some(denied),
            Self::Full { .. } => None,
        }
    }
}
