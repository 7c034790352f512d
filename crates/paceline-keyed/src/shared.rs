use alloc::{borrow::ToOwned, boxed::Box};
use core::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
};
use parking_lot::{Mutex, MutexGuard};
use std::thread;

use foldhash::fast::RandomState;
use paceline_core::{Denied, Quota, Timestamp};
use paceline_gcra::WordGcra;

use crate::{Refused, table::Table};

/// So many shards for each core make it rare that two threads want the same one.
const PER_CORE: usize = 16;
/// Fewer keys than this do not make a shard.
const LEAST_KEYS: usize = 256;

/// A [`Keyed`](crate::Keyed) that threads share.
///
/// All methods take `&self`. Keys are spread over shards, 16 for each core and 256 keys or more in
/// each, and a shard's lock is held for one decision.
///
/// As keys spread by chance, some shard gets more than its share. Each has room for four standard
/// deviations more, so [`capacity`](Self::capacity) exceeds what was asked for: by 25 % with shards
/// of 256 keys, by 2 % with shards of 30,000. It is never exceeded itself.
///
/// # Examples
///
/// ```
/// use paceline_core::{Quota, Timestamp};
/// use paceline_keyed::SharedKeyed;
/// use std::thread;
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let clients: SharedKeyed<u64> = SharedKeyed::new(Quota::per_minute(2), 10_000, now);
/// thread::scope(|scope| {
///     scope.spawn(|| clients.try_acquire(now, &7, 1));
///     scope.spawn(|| clients.try_acquire(now, &7, 1));
/// });
/// assert!(clients.try_acquire(now, &7, 1).is_err());
/// ```
#[derive(Debug)]
pub struct SharedKeyed<K, S = RandomState> {
    gcra: WordGcra,
    hasher: S,
    /// A power of two of them.
    shards: Box<[Shard<K>]>,
}

/// A cache line of its own, so that neighbours do not slow each other down.
#[repr(align(64))]
#[derive(Debug)]
struct Shard<K>(Mutex<Table<K>>);

impl<K: Hash + Eq> SharedKeyed<K> {
    /// Makes a store with room for `capacity` keys, for times from `origin` on.
    ///
    /// It holds at most [`capacity`](Self::capacity) keys, a little more than asked for. All memory is allocated here, as for [`Keyed::new`](crate::Keyed::new).
    pub fn new(quota: Quota, capacity: usize, origin: Timestamp) -> Self {
        Self::with_hasher(quota, capacity, origin, RandomState::default())
    }
}

impl<K: Hash + Eq, S: BuildHasher> SharedKeyed<K, S> {
    /// Makes a store as [`SharedKeyed::new`] does, whose keys are hashed by `hasher`.
    pub fn with_hasher(quota: Quota, capacity: usize, origin: Timestamp, hasher: S) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let wanted = cores.saturating_mul(PER_CORE).next_power_of_two();
        let most = (capacity / LEAST_KEYS).max(1);
        // The largest power of two that exceeds neither.
        let shards = wanted.min(1 << most.ilog2());
        let share = capacity.div_ceil(shards);
        // As many keys as a shard gets on average are also the variance of how many it gets.
        let spread = if shards > 1 { 4 * share.isqrt() } else { 0 };
        let shard = |_| Shard(Mutex::new(Table::new(share + spread)));
        Self {
            gcra: WordGcra::new(quota, origin),
            hasher,
            shards: (0..shards).map(shard).collect(),
        }
    }

    /// The quota of keys for which the caller passes none.
    pub const fn quota(&self) -> Quota {
        self.gcra.quota()
    }

    /// The most keys that it holds.
    pub fn capacity(&self) -> usize {
        self.shards().map(|table| table.capacity()).sum()
    }

    /// How many keys it holds, each shard at its own moment.
    pub fn len(&self) -> usize {
        self.shards().map(|table| table.len()).sum()
    }

    /// Whether it holds no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks whether `cost` cells of `key` conform at `now`.
    ///
    /// Another thread may spend them before this one does. If the key is not held, this does not say
    /// whether there is room for it.
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
    /// As for [`Keyed::try_acquire`](crate::Keyed::try_acquire).
    #[inline]
    pub fn try_acquire<Q>(&self, now: Timestamp, key: &Q, cost: u64) -> Result<(), Refused>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.decide(&self.gcra, now, key, cost)
    }

    /// Spends `cost` cells of `key` at `now` if they conform to `quota`, whatever the store's.
    ///
    /// A change of quota is as for [`Keyed::try_acquire_with`](crate::Keyed::try_acquire_with).
    ///
    /// # Errors
    ///
    /// As for [`Keyed::try_acquire`](crate::Keyed::try_acquire).
    #[inline]
    pub fn try_acquire_with<Q>(
        &self,
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
        self.decide(&gcra, now, key, cost)
    }

    #[inline]
    fn decide<Q>(&self, gcra: &WordGcra, now: Timestamp, key: &Q, cost: u64) -> Result<(), Refused>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut table = self.shard(hash);
        table.try_acquire(gcra, &self.hasher, (hash, key), now, cost)
    }

    fn word<Q>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        self.shard(hash).word(hash, key)
    }

    /// The shard of a hash, by its low bits: the table goes by the high ones.
    #[inline]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Table<K>> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the low bits are wanted"
        )]
        let index = hash as usize & (self.shards.len() - 1);
        self.shards[index].lock()
    }

    fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, Table<K>>> {
        self.shards.iter().map(Shard::lock)
    }
}

impl<K> Shard<K> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Table<K>> {
        self.0.lock()
    }
}
