use core::{error, fmt};

use paceline_core::{Denied, Dimension};

/// Which limit of an [`All`](crate::All) binds, and its refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The place of the limit, counted from 0.
    pub index: usize,
    /// What it answered: no other limit asks for a longer wait.
    pub denied: Denied,
}

impl Binding {
    /// Keeps the stricter of two refusals: one that waiting cannot cure, else the later one.
    pub(crate) fn stricter(self, other: Self) -> Self {
        match (self.denied, other.denied) {
            (Denied::TooLarge { max: a }, Denied::TooLarge { max: b }) if b < a => other,
            (Denied::Until(_), Denied::TooLarge { .. }) => other,
            (Denied::Until(a), Denied::Until(b)) if b > a => other,
            _ => self,
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit {}: {}", self.index, self.denied)
    }
}

impl error::Error for Binding {}

/// Which limit of a [`ByDimension`](crate::ByDimension) binds, and its refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused {
    /// The place of the limit, counted from 0.
    pub index: usize,
    /// What that limit counts.
    pub dimension: Dimension,
    /// What it answered: no other limit asks for a longer wait.
    pub denied: Denied,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            index,
            dimension,
            denied,
        } = self;
        write!(f, "limit {index}, on {dimension}: {denied}")
    }
}

impl error::Error for Refused {}
