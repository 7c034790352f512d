use crate::{Limit, Sample};

/// A limit that learns nothing.
///
/// Zero is legal and means *disabled*: no call may start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fixed(u32);

impl Fixed {
    /// Makes a policy that allows `limit` calls in flight.
    pub const fn new(limit: u32) -> Self {
        Self(limit)
    }
}

impl Limit for Fixed {
    fn limit(&self) -> u32 {
        self.0
    }

    fn observe(&mut self, _: Sample) {}
}
