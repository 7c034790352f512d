use alloc::borrow::ToOwned;
use core::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
};

use foldhash::fast::RandomState;
use paceline_core::{Denied, Quota, Timestamp};
use paceline_gcra::WordGcra;

use crate::{Refused, table::Table};

/// One GCRA per key, for at most so many keys.
///
/// Each key has the quota of the store, or one that the caller passes with each call. A key may be
/// anything that is `Hash + Eq`; calls take it by reference, as maps do, and copy it only if it is
/// to be held.
///
/// What it admits is what a [`WordGcra`] per key admits: see there for its exactness and its range of
/// 36 years. How memory is bounded, and what that means for new keys, is told by the
/// [crate](crate).
///
/// # Examples
///
/// ```
/// use paceline_core::{Quota, Timestamp};
/// use paceline_keyed::Keyed;
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let mut clients: Keyed<String> = Keyed::new(Quota::per_minute(2), 10_000, now);
/// assert!(clients.try_acquire(now, "alice", 2).is_ok());
/// assert!(clients.try_acquire(now, "alice", 1).is_err());
/// assert!(clients.try_acquire(now, "bob", 1).is_ok());
/// assert_eq!(clients.available(now, "bob"), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Keyed<K, S = RandomState> {
    gcra: WordGcra,
    hasher: S,
    table: Table<K>,
}

impl<K: Hash + Eq> Keyed<K> {
    /// Makes a store that holds at most `capacity` keys, for times from `origin` on.
    ///
    /// All memory is allocated here: one and a half slots for each key, of the size of a key and
    /// 8 bytes, rounded up as its alignment asks. Keys with an allocation of their own, such as
    /// strings, own that on top. A capacity of zero admits nothing. The present is a good origin.
    ///
    /// # Panics
    ///
    /// Panics if so much memory cannot be addressed.
    pub fn new(quota: Quota, capacity: usize, origin: Timestamp) -> Self {
        Self::with_hasher(quota, capacity, origin, RandomState::default())
    }
}

impl<K: Hash + Eq, S: BuildHasher> Keyed<K, S> {
    /// Makes a store as [`Keyed::new`] does, whose keys are hashed by `hasher`.
    ///
    /// # Panics
    ///
    /// Panics if so much memory cannot be addressed.
    pub fn with_hasher(quota: Quota, capacity: usize, origin: Timestamp, hasher: S) -> Self {
        Self {
            gcra: WordGcra::new(quota, origin),
            hasher,
            table: Table::new(capacity),
        }
    }

    /// The quota of keys for which the caller passes none.
    pub const fn quota(&self) -> Quota {
        self.gcra.quota()
    }

    /// The most keys that it holds.
    pub const fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// How many keys it holds; some of them may be fresh and about to be forgotten.
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it holds no key.
    pub const fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Asks whether `cost` cells of `key` conform at `now`.
    ///
    /// If the key is not held, this does not say whether there is room for it.
    ///
    /// # Errors
    ///
    /// As for [`Limiter::check`](paceline_core::Limiter::check).
    pub fn check<Q>(&self, now: Timestamp, key: &Q, cost: u64) -> Result<(), Denied>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.gcra.decide(self.word(key), now, cost).map(drop)
    }

    /// The largest cost of `key` that conforms at `now`.
    pub fn available<Q>(&self, now: Timestamp, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.gcra.available(self.word(key), now)
    }

    /// Spends `cost` cells of `key` at `now` if they conform.
    ///
    /// # Errors
    ///
    /// [`Refused::Denied`] if they do not, [`Refused::Full`] if the key is new and there is no room.
    /// A refused call changes no key's limit.
    #[inline]
    pub fn try_acquire<Q>(&mut self, now: Timestamp, key: &Q, cost: u64) -> Result<(), Refused>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hashed = (self.hasher.hash_one(key), key);
        self.table
            .try_acquire(&self.gcra, &self.hasher, hashed, now, cost)
    }

    /// Spends `cost` cells of `key` at `now` if they conform to `quota`, whatever the store's.
    ///
    /// The store does not remember whose quota is which: pass it with every call. When it changes,
    /// the key keeps the time at which its burst is whole again, so that no change hands out a
    /// fresh burst.
    ///
    /// # Errors
    ///
    /// As for [`try_acquire`](Self::try_acquire).
    #[inline]
    pub fn try_acquire_with<Q>(
        &mut self,
        now: Timestamp,
        key: &Q,
        cost: u64,
        quota: Quota,
    ) -> Result<(), Refused>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let gcra = WordGcra::new(quota, self.gcra.origin());
        let hashed = (self.hasher.hash_one(key), key);
        self.table
            .try_acquire(&gcra, &self.hasher, hashed, now, cost)
    }

    fn word<Q>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.table.word(self.hasher.hash_one(key), key)
    }
}
