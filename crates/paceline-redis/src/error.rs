use std::{error, fmt};

use paceline_core::{Denied, Timestamp};

/// Why the store did not decide. It says nothing about the limits.
///
/// It names no address and carries no text of the server, so that no password gets into logs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreUnavailable {
    /// No answer came in time. Whether it decided is not known, and what it may have charged stands.
    TimedOut,
    /// There is no connection.
    Disconnected,
    /// It did not answer a moment ago, and it is not time yet to ask again.
    NotAsked,
    /// The server answered with an error, such as while it loads its data.
    Refused,
    /// A key holds what no decision has written.
    BadValue {
        /// The limit whose key it is, counted from 1; 0 is the pause that all share.
        limit: usize,
    },
    /// The answer makes no sense.
    BadAnswer,
    /// This process's share of the limits can never admit the cost, and the store did not answer.
    BeyondShare,
}

impl fmt::Display for StoreUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the store did not answer in time"),
            Self::Disconnected => f.write_str("there is no connection to the store"),
            Self::NotAsked => f.write_str("the store did not answer a moment ago"),
            Self::Refused => f.write_str("the store answered with an error"),
            Self::BadValue { limit } => write!(f, "the store's value of limit {limit} is damaged"),
            Self::BadAnswer => f.write_str("the store's answer makes no sense"),
            Self::BeyondShare => {
                f.write_str("the store did not answer, and the cost exceeds this process's share")
            }
        }
    }
}

impl error::Error for StoreUnavailable {}

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
    /// The store did not decide, and the outage policy does not do so either. No limit denied it.
    StoreUnavailable(StoreUnavailable),
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { max } => write!(f, "cost exceeds the burst of {max}"),
            Self::LineFull { most } => write!(f, "{most} requests are waiting already"),
            Self::NotInTime { .. } => f.write_str("not admitted before the deadline"),
            Self::StoreUnavailable(why) => write!(f, "not decided: {why}"),
        }
    }
}

impl error::Error for AcquireError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::StoreUnavailable(why) => Some(why),
            _ => None,
        }
    }
}

/// Why a request was not admitted at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// A limit or the gate denies.
    Denied(Denied),
    /// Others wait and come first.
    Behind {
        /// How many.
        waiting: usize,
    },
    /// All permits are in use.
    Busy,
    /// The store did not decide, and the outage policy does not do so either. No limit denied it.
    StoreUnavailable(StoreUnavailable),
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Behind { waiting } => write!(f, "{waiting} requests wait before it"),
            Self::Busy => f.write_str("all permits are in use"),
            Self::StoreUnavailable(why) => write!(f, "not decided: {why}"),
        }
    }
}

impl error::Error for TryAcquireError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::StoreUnavailable(why) => Some(why),
            _ => None,
        }
    }
}
