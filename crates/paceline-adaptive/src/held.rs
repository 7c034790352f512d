use core::{error, fmt};

use paceline_core::{Denied, Dimension, Timestamp};

/// What to do when a limit makes a request wait for more than an hour.
///
/// A client that waits out the quota of a day looks as if it hung; one that does not needs another plan.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum LongWait {
    /// Wait for it.
    #[default]
    Wait,
    /// Fail now, and say when to try again.
    Fail,
    /// Send the request somewhere else.
    Route,
}

/// A request that a learned limit holds back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Held {
    /// What the limit counts; requests if everything is paused.
    pub dimension: Dimension,
    /// Until when, or that it is too large.
    pub denied: Denied,
    /// What to do: to wait unless it is for more than an hour, and then what the caller chose.
    pub advice: LongWait,
}

impl Held {
    /// When to try again; `None` if that is pointless.
    pub const fn retry_at(&self) -> Option<Timestamp> {
        self.denied.retry_at()
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "learned limit on {}: {}", self.dimension, self.denied)
    }
}

impl error::Error for Held {}
