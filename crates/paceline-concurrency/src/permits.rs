use alloc::sync::Arc;
use core::{
    fmt,
    sync::atomic::{
        AtomicU64,
        Ordering::{AcqRel, Acquire},
    },
};

use crate::Full;

/// A fixed limit that threads share: permits that come back when they are dropped.
///
/// Clones share the same permits. Nothing waits or locks: the state is one atomic word that holds the
/// limit and the number in use, so a permit is never given above the limit, even while that changes.
/// What a thread wrote before it dropped a permit is visible to the one that gets it next.
///
/// # Examples
///
/// ```
/// use paceline_concurrency::{Full, Permits};
///
/// let permits = Permits::new(1);
/// let permit = permits.try_acquire()?;
/// assert_eq!(permits.try_acquire().err(), Some(Full { limit: 1 }));
/// drop(permit);
/// assert!(permits.try_acquire().is_ok());
/// # Ok::<(), Full>(())
/// ```
#[derive(Clone)]
pub struct Permits(Arc<AtomicU64>);

impl Permits {
    /// Makes `limit` permits; zero is legal and means that there are none to have.
    pub fn new(limit: u32) -> Self {
        let state = State {
            limit,
            in_flight: 0,
        };
        Self(Arc::new(AtomicU64::new(state.pack())))
    }

    /// The most permits that may be in use.
    pub fn limit(&self) -> u32 {
        self.state().limit
    }

    /// The permits in use.
    ///
    /// It exceeds [`limit`](Self::limit) for a while after the limit fell.
    pub fn in_flight(&self) -> u32 {
        self.state().in_flight
    }

    /// How many permits are free.
    ///
    /// Another thread may take them before this one does.
    pub fn available(&self) -> u32 {
        let State { limit, in_flight } = self.state();
        limit.saturating_sub(in_flight)
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    ///
    /// Fails if as many are in use as may be; a refused call changes nothing.
    pub fn try_acquire(&self) -> Result<Permit, Full> {
        let take = |packed| {
            let State { limit, in_flight } = State::unpack(packed);
            let in_flight = in_flight.checked_add(1).filter(|&taken| taken <= limit)?;
            Some(State { limit, in_flight }.pack())
        };
        match self.0.fetch_update(AcqRel, Acquire, take) {
            Ok(_) => Ok(Permit(self.clone())),
            Err(packed) => Err(Full {
                limit: State::unpack(packed).limit,
            }),
        }
    }

    /// Allows another number of permits from now on.
    ///
    /// Permits in use stay so; if they are more than `limit`, none is given until enough came back.
    pub fn set_limit(&self, limit: u32) {
        let change = |packed| {
            let State { in_flight, .. } = State::unpack(packed);
            Some(State { limit, in_flight }.pack())
        };
        // The closure always gives a value, so the update cannot fail.
        let _ = self.0.fetch_update(AcqRel, Acquire, change);
    }

    fn state(&self) -> State {
        State::unpack(self.0.load(Acquire))
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { limit, in_flight } = self.state();
        f.debug_struct("Permits")
            .field("limit", &limit)
            .field("in_flight", &in_flight)
            .finish()
    }
}

/// The right to one call in flight, given back when it is dropped.
///
/// It owns its share of the permits and may go to another thread or task. One that is leaked, as by
/// [`core::mem::forget`], never comes back.
#[derive(Debug)]
#[must_use = "a permit is given back as soon as it is dropped"]
pub struct Permit(Permits);

impl Drop for Permit {
    fn drop(&mut self) {
        // This permit is in use, so the lower half is not zero and borrows nothing from the limit.
        self.0.0.fetch_sub(1, AcqRel);
    }
}

/// What the atomic word says: the limit in its upper half, the permits in use in its lower.
#[derive(Clone, Copy)]
struct State {
    limit: u32,
    in_flight: u32,
}

impl State {
    const fn pack(self) -> u64 {
        (self.limit as u64) << 32 | self.in_flight as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "either half is wanted")]
    const fn unpack(packed: u64) -> Self {
        Self {
            limit: (packed >> 32) as u32,
            in_flight: packed as u32,
        }
    }
}
