use std::{error, fmt};

use paceline_core::{Denied, Timestamp};

/// Why a request was not admitted, though it was willing to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AcquireError {
    /// The cost exceeds what some limit can ever admit.
    TooLarge {
        /// The largest cost that the limit can admit, in its cells.
        max: u64,
    },
    /// As many wait as may.
    LineFull {
        /// How many may.
        most: usize,
    },
    /// It would not be, or was not, admitted in time.
    NotInTime {
        /// When it would be admitted at the earliest, if that is known.
        ready_at: Option<Timestamp>,
    },
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { max } => write!(f, "cost exceeds the burst of {max}"),
            Self::LineFull { most } => write!(f, "{most} requests are waiting already"),
            Self::NotInTime { .. } => f.write_str("not admitted before the deadline"),
        }
    }
}

impl error::Error for AcquireError {}

/// Why a request was not admitted at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// A limit or the gate refuses.
    Denied(Denied),
    /// Others wait and come first.
    Behind {
        /// How many.
        waiting: usize,
    },
    /// All permits are in use.
    Busy,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Behind { waiting } => write!(f, "{waiting} requests wait before it"),
            Self::Busy => f.write_str("all permits are in use"),
        }
    }
}

impl error::Error for TryAcquireError {}
