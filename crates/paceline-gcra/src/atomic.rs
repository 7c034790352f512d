#[cfg(not(loom))]
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};

use paceline_core::{Denied, Limiter, Quota, Timestamp};

use crate::{Lease, WordGcra, lease::Grant};

/// GCRA that threads share without a lock.
///
/// All methods take `&self`. The state is one atomic word, see [`WordGcra`] for what that costs:
/// it is never more generous than [`Gcra`](crate::Gcra), later by at most 1/16 ns per call, and
/// ends 36 years after its origin. There where 64-bit atomics are.
///
/// A refused call writes nothing, so being refused is as cheap for many threads as for one. Threads
/// that are admitted pass one cache line around; a [`lease`](Self::lease) does so once for many
/// cells.
///
/// # Ordering
///
/// All accesses are relaxed. The word is everything there is, every change of it is one
/// compare-and-swap, and those of one atomic variable are totally ordered: no two calls can spend
/// the same cells. Being admitted publishes nothing else from one thread to another.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Quota, Timestamp};
/// use paceline_gcra::AtomicGcra;
/// use std::{thread, time::Duration};
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let gcra = AtomicGcra::new(Quota::per_second(2), now);
/// thread::scope(|scope| {
///     scope.spawn(|| gcra.try_acquire(now, 1));
///     scope.spawn(|| gcra.try_acquire(now, 1));
/// });
/// let retry_at = now.saturating_add(Duration::from_millis(500));
/// assert_eq!(gcra.try_acquire(now, 1), Err(Denied::Until(retry_at)));
/// ```
#[derive(Debug)]
pub struct AtomicGcra {
    gcra: WordGcra,
    word: AtomicU64,
}

impl AtomicGcra {
    /// Makes a limiter whose burst is unspent, for times from `origin` on.
    ///
    /// The present is a good origin, [`Timestamp::EPOCH`] only for virtual time.
    pub fn new(quota: Quota, origin: Timestamp) -> Self {
        Self {
            gcra: WordGcra::new(quota, origin),
            word: AtomicU64::new(WordGcra::FRESH),
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.gcra.quota()
    }

    /// Asks whether `cost` cells conform at `now`.
    ///
    /// Another thread may spend them before this one does.
    ///
    /// # Errors
    ///
    /// Says when to ask again, or that asking again is pointless.
    #[inline]
    pub fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let word = self.word.load(Relaxed);
        self.gcra.decide(word, now, cost).map(drop)
    }

    /// Spends `cost` cells at `now`, whether or not they conform.
    #[inline]
    pub fn charge(&self, now: Timestamp, cost: u64) {
        let mut word = self.word.load(Relaxed);
        while let Err(found) = self.replace(word, self.gcra.charge(word, now, cost)) {
            word = found;
        }
    }

    /// The largest cost that conforms at `now`.
    #[inline]
    pub fn available(&self, now: Timestamp) -> u64 {
        self.gcra.available(self.word.load(Relaxed), now)
    }

    /// Spends `cost` cells at `now` if they conform.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); a denied call changes nothing.
    #[inline]
    pub fn try_acquire(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let mut word = self.word.load(Relaxed);
        loop {
            let next = self.gcra.decide(word, now, cost)?;
            match self.replace(word, next) {
                Ok(()) => return Ok(()),
                Err(found) => word = found,
            }
        }
    }

    /// Takes `cells` at once, for one thread to hand out until `now + lifetime`.
    ///
    /// Nothing is over-admitted by it, in any window: the cells count from the lease's *end* on. That
    /// is also its price. A lease is admitted only if what replenishes in `lifetime` is there to
    /// spare, so keep it short beside the time that the burst lasts.
    ///
    /// # Errors
    ///
    /// Says when such a lease conforms. It is [`TooLarge`](Denied::TooLarge) if not even an idle
    /// limiter would grant so many cells for so long.
    pub fn lease(
        &self,
        now: Timestamp,
        cells: u64,
        lifetime: Duration,
    ) -> Result<Lease<'_>, Denied> {
        let starts_at = now.max(self.gcra.origin());
        let ends_at = starts_at.saturating_add(lifetime);
        let Some(end) = self.gcra.word_at(ends_at) else {
            return Err(Denied::Until(Timestamp::MAX));
        };
        let max = self.gcra.available(end, starts_at);
        if cells > max {
            return Err(Denied::TooLarge { max });
        }
        let mut prior = self.word.load(Relaxed);
        loop {
            let base = prior.max(end);
            let next = self.gcra.decide(base, starts_at, cells)?;
            // Nothing is spent if there are no cells or no limit.
            let next = if next == base { prior } else { next };
            match self.replace(prior, next) {
                Ok(()) => {
                    return Ok(Lease::new(
                        self,
                        Grant {
                            cells,
                            starts_at,
                            ends_at,
                            prior,
                            next,
                        },
                    ));
                }
                Err(found) => prior = found,
            }
        }
    }

    /// Makes good for the cells of a lease that it did not hand out, if nothing happened since.
    pub(crate) fn give_back(&self, grant: Grant, used: u64, last: Timestamp) {
        let mut next = grant.prior;
        if used > 0 {
            let at = self.gcra.word_at(last).unwrap_or(grant.next);
            next = self
                .gcra
                .add(grant.prior.max(at), used)
                .unwrap_or(grant.next);
        }
        // If somebody was faster, the cells are lost, which is strict.
        let _ = self.replace(grant.next, next.min(grant.next));
    }

    /// Replaces the word if it is still `old`, and says what it is otherwise.
    #[inline]
    fn replace(&self, old: u64, new: u64) -> Result<(), u64> {
        if old == new {
            return Ok(());
        }
        let swapped = self.word.compare_exchange(old, new, Relaxed, Relaxed);
        swapped.map(drop)
    }
}

impl Limiter for AtomicGcra {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.check(now, cost)
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        Self::charge(self, now, cost);
    }

    #[inline]
    fn available(&self, now: Timestamp) -> u64 {
        self.available(now)
    }

    #[inline]
    fn try_acquire(&mut self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        Self::try_acquire(self, now, cost)
    }
}

/// Whoever holds a reference holds a limiter, so several owners can share one.
impl Limiter for &AtomicGcra {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        AtomicGcra::check(self, now, cost)
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        AtomicGcra::charge(self, now, cost);
    }

    #[inline]
    fn available(&self, now: Timestamp) -> u64 {
        AtomicGcra::available(self, now)
    }

    #[inline]
    fn try_acquire(&mut self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        AtomicGcra::try_acquire(self, now, cost)
    }
}
