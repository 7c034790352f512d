use crate::Timestamp;

/// A source of [`Timestamp`]s, used by adapters and never by limiters.
///
/// Readings never run back.
pub trait Clock {
    /// Reads the time.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}
