use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paceline_core::Timestamp;

use crate::{Mark, QuotaId, Store, StoreError};

/// What is durable of one quota, shared with those who write it in the background.
pub(crate) struct Reservation {
    store: Arc<dyn Store>,
    quota: QuotaId,
    rule: [u8; 16],
    /// Held while a mark is written, so that one is at a time.
    writing: Mutex<()>,
    /// Held for moments only, so that asking what is durable never waits for a disk.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    mark: Option<Mark>,
    /// Whether this process wrote the mark. One that was read may be in a cache alone.
    durable: bool,
    fault: Option<Arc<StoreError>>,
    /// Whether a [`Renewal`] is under way.
    renewing: bool,
    closed: bool,
}

impl Reservation {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        quota: QuotaId,
        rule: [u8; 16],
        mark: Option<Mark>,
    ) -> Self {
        let state = State {
            mark,
            ..State::default()
        };
        Self {
            store,
            quota,
            rule,
            writing: Mutex::default(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn fault(&self) -> Option<Arc<StoreError>> {
        self.state().fault.clone()
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.state().fault.is_some()
    }

    /// The end of the latest window of which anything was reserved.
    pub(crate) fn ends_at(&self) -> Timestamp {
        self.state()
            .mark
            .map_or(Timestamp::EPOCH, |mark| mark.ends_at)
    }

    /// How many cells of a window are durable.
    pub(crate) fn granted_up_to(&self, ends_at: Timestamp) -> u64 {
        self.state().granted_up_to(ends_at)
    }

    /// Makes cells up to `least` of a window durable; if it has to write, then up to `target`.
    pub(crate) fn secure(
        &self,
        ends_at: Timestamp,
        least: u64,
        target: u64,
    ) -> Result<(), Arc<StoreError>> {
        if self.granted_up_to(ends_at) >= least {
            return Ok(());
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever wrote meanwhile may have written enough.
        if self.granted_up_to(ends_at) >= least {
            return Ok(());
        }
        self.write(ends_at, target)
    }

    /// Makes durable that no more than `used` cells of a window were granted, and ends all writing.
    pub(crate) fn close(&self, ends_at: Timestamp, used: u64) -> Result<(), Arc<StoreError>> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = {
            let mut state = self.state();
            if state.closed {
                return Ok(());
            }
            state.closed = true;
            state.mark
        };
        match mark {
            // Of a window that is reserved and not begun, nothing was granted.
            Some(mark) if mark.ends_at != ends_at => self.write(mark.ends_at, 0),
            Some(mark) if mark.granted_up_to != used => self.write(ends_at, used),
            _ => self.fault().map_or(Ok(()), Err),
        }
    }

    /// Writes a mark, unless a write has failed before.
    fn write(&self, ends_at: Timestamp, granted_up_to: u64) -> Result<(), Arc<StoreError>> {
        let before = {
            let state = self.state();
            if let Some(fault) = &state.fault {
                return Err(fault.clone());
            }
            state.mark
        };
        let after = Mark {
            rule: self.rule,
            ends_at,
            granted_up_to,
        };
        let written = self.store.persist(&self.quota, before, after);
        let mut state = self.state();
        match written {
            Ok(()) => {
                state.mark = Some(after);
                state.durable = true;
                Ok(())
            }
            Err(err) => {
                let fault = Arc::new(err);
                state.fault = Some(fault.clone());
                Err(fault)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn granted_up_to(&self, ends_at: Timestamp) -> u64 {
        let relevant = |mark: &Mark| self.durable && mark.ends_at == ends_at;
        let mark = self.mark.filter(relevant);
        mark.map_or(0, |mark| mark.granted_up_to)
    }
}

/// A lease that is about to be written, by whoever may wait for a disk.
///
/// It belongs to no thread and borrows nothing, so it can be sent to one that may block. Dropping it
/// leaves everything as it is: the quota then writes when it has to.
#[must_use = "a renewal does nothing until it is written"]
pub struct Renewal {
    reservation: Arc<Reservation>,
    ends_at: Timestamp,
    target: u64,
}

impl Renewal {
    /// Plans to make cells up to `target` durable, unless another renewal is under way.
    pub(crate) fn of(
        reservation: &Arc<Reservation>,
        ends_at: Timestamp,
        target: u64,
    ) -> Option<Self> {
        let mut state = reservation.state();
        if state.renewing || state.fault.is_some() {
            return None;
        }
        state.renewing = true;
        let reservation = Arc::clone(reservation);
        Some(Self {
            reservation,
            ends_at,
            target,
        })
    }

    /// Writes the lease, and waits until it is durable.
    ///
    /// If the quota has meanwhile gone on to another window, has as much, or is closed, this does nothing.
    ///
    /// # Errors
    ///
    /// Fails if the store does; the quota then grants nothing any more.
    pub fn write(self) -> Result<(), Arc<StoreError>> {
        let Self {
            ref reservation,
            ends_at,
            target,
        } = self;
        let _writing = reservation
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let stale = {
            let state = reservation.state();
            let other = state.mark.is_none_or(|mark| mark.ends_at != ends_at);
            state.closed || other || state.granted_up_to(ends_at) >= target
        };
        if stale {
            return Ok(());
        }
        reservation.write(ends_at, target)
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.reservation.state().renewing = false;
    }
}

impl std::fmt::Debug for Renewal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewal")
            .field("ends_at", &self.ends_at)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
