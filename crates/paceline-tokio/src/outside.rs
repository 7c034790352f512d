use std::task::Waker;

/// Wakers to be woken or dropped once the lock is given back, because either may run anything.
///
/// Declared before the lock is taken, it is dropped after it.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    /// Whom to wake.
    pub(crate) woken: Option<Waker>,
    /// What is to be dropped, and wakes nobody.
    pub(crate) dropped: Vec<Waker>,
}

impl Outside {
    /// Does it.
    pub(crate) fn wake(self) {
        if let Some(waker) = self.woken {
            waker.wake();
        }
    }
}
