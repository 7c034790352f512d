use core::{error, fmt};

use paceline_composite::Admit;
use paceline_concurrency::Ticket;
use paceline_core::{Denied, Timestamp};

/// What an admitted request holds until it is finished.
///
/// A grant that is lost keeps its permit for good, and lets what was charged stand.
#[must_use = "a grant that is not given to `finish` keeps its permit for good"]
pub struct Grant<A: Admit> {
    pub(crate) cost: A::Cost,
    pub(crate) receipt: A::Receipt,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) at: Timestamp,
}

impl<A: Admit> Grant<A> {
    /// When it was admitted.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Why a request is not admitted now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// A limit or the gate refuses.
    Denied(Denied),
    /// All permits are in use; when one comes back cannot be known.
    Busy,
}

impl<A: Admit> fmt::Debug for Grant<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Grant");
        debug.field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Busy => f.write_str("all permits are in use"),
        }
    }
}

impl error::Error for Refusal {}
