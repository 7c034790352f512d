//! A hash table of a fixed size that forgets fresh keys, a few slots at a time.
//!
//! Open addressing with linear probing, and removal by shifting back. Tables that mark removed
//! entries instead fill up with marks as keys come and go, and then have to grow or to be rebuilt.

use alloc::{borrow::ToOwned, boxed::Box};
use core::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
    iter,
    num::NonZeroU64,
};

use paceline_core::{Denied, Timestamp};
use paceline_gcra::WordGcra;

use crate::Refused;

/// How many slots a newcomer looks at for one to free: two cache lines of small keys.
const LOOKS: usize = 8;

/// A key and its word, which is not zero because only what was charged is held.
type Slot<K> = Option<(K, NonZeroU64)>;

#[derive(Clone, Debug)]
pub(crate) struct Table<K> {
    /// Never all taken, so every search ends at an empty one.
    slots: Box<[Slot<K>]>,
    capacity: usize,
    len: usize,
    /// The slot that the next newcomer looks at first.
    hand: usize,
    /// The largest word that was forgotten, which stands for all keys that are not held.
    floor: u64,
}

impl<K> Table<K> {
    /// Allocates all that it will ever need.
    pub(crate) fn new(capacity: usize) -> Self {
        // A third stays empty: then a search looks at 2 slots if it finds its key, and at 5 if not.
        let slots = capacity.saturating_add(capacity / 2).saturating_add(1);
        Self {
            slots: iter::repeat_with(|| None).take(slots).collect(),
            capacity,
            len: 0,
            hand: 0,
            floor: WordGcra::FRESH,
        }
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The word of `key`, or what stands for it if it is not held.
    #[inline]
    pub(crate) fn word<Q>(&self, hash: u64, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let held = self
            .find(hash, key)
            .ok()
            .and_then(|at| self.slots[at].as_ref());
        held.map_or(self.floor, |(_, word)| word.get())
    }

    /// Spends `cost` cells of `key`, whose hash by `hasher` is `hash`, if they conform.
    #[inline]
    pub(crate) fn try_acquire<Q, S>(
        &mut self,
        gcra: &WordGcra,
        hasher: &S,
        (hash, key): (u64, &Q),
        now: Timestamp,
        cost: u64,
    ) -> Result<(), Refused>
    where
        K: Borrow<Q> + Hash,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
        S: BuildHasher,
    {
        if let Ok(at) = self.find(hash, key)
            && let Some((_, word)) = &mut self.slots[at]
        {
            let next = gcra.decide(word.get(), now, cost)?;
            *word = NonZeroU64::new(next).unwrap_or(*word);
            return Ok(());
        }
        let next = gcra.decide(self.floor, now, cost)?;
        match NonZeroU64::new(next) {
            Some(word) if next > self.floor => {
                // In range, or it would have been denied.
                let at = gcra.word_at(now).ok_or(Denied::Until(Timestamp::MAX))?;
                let soonest = self.forget_fresh(at, hasher);
                self.insert(hash, key, word).ok_or_else(|| Refused::Full {
                    retry_at: soonest.map(|word| gcra.fresh_at(word)),
                })
            }
            // Nothing was spent, so there is nothing to remember.
            _ => Ok(()),
        }
    }

    /// Holds `key` from now on, if there is room.
    fn insert<Q>(&mut self, hash: u64, key: &Q, word: NonZeroU64) -> Option<()>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.len >= self.capacity {
            return None;
        }
        let (Ok(at) | Err(at)) = self.find(hash, key);
        self.slots[at] = Some((key.to_owned(), word));
        self.len += 1;
        Some(())
    }

    /// Looks at the next few slots, forgets the keys there that are fresh at the word `now`, and
    /// says when the first of the others will be.
    fn forget_fresh<S>(&mut self, now: u64, hasher: &S) -> Option<u64>
    where
        K: Hash,
        S: BuildHasher,
    {
        let mut soonest = None;
        for _ in 0..LOOKS {
            match self.slots[self.hand].as_ref().map(|(_, word)| word.get()) {
                // Another may have moved there, so the hand stays.
                Some(word) if word <= now => {
                    self.floor = self.floor.max(word);
                    self.remove(self.hand, hasher);
                }
                word => {
                    soonest = soonest.into_iter().chain(word).min();
                    self.hand = self.after(self.hand);
                }
            }
        }
        soonest
    }

    /// Empties a slot, and closes the gap so that searches across it still succeed.
    ///
    /// Should a key panic while it is hashed, the table is whole, and the removed key in some slot.
    fn remove<S>(&mut self, at: usize, hasher: &S)
    where
        K: Hash,
        S: BuildHasher,
    {
        let (mut gap, mut next) = (at, self.after(at));
        while let Some((key, _)) = &self.slots[next] {
            let home = self.home(hasher.hash_one(key));
            // It may move to the gap unless its home lies beyond.
            if self.distance(home, next) >= self.distance(gap, next) {
                self.slots.swap(gap, next);
                gap = next;
            }
            next = self.after(next);
        }
        self.slots[gap] = None;
        self.len -= 1;
    }

    /// The slot that holds `key`, or the empty one that is to.
    #[inline]
    fn find<Q>(&self, hash: u64, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let mut at = self.home(hash);
        loop {
            match &self.slots[at] {
                None => return Err(at),
                Some((held, _)) if held.borrow() == key => return Ok(at),
                Some(_) => at = self.after(at),
            }
        }
    }

    /// The slot at which the search for a hash begins: its share of all hashes, so the number of
    /// slots need not be a power of two.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let slots = self.slots.len() as u128;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "less than the number of slots"
        )]
        return ((u128::from(hash) * slots) >> 64) as usize;
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        let next = at + 1;
        if next == self.slots.len() { 0 } else { next }
    }

    /// How many steps `after` takes from one slot to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.checked_sub(from)
            .unwrap_or_else(|| to + self.slots.len() - from)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::hash::BuildHasher;

    use foldhash::fast::FixedState;
    use paceline_core::Quota;

    use super::*;

    /// How many slots the searches for all these keys look at, at most, in a full table.
    fn longest_search(keys: &[u64]) -> usize {
        let hasher = FixedState::with_seed(7);
        let gcra = WordGcra::new(Quota::per_hour(1), Timestamp::EPOCH);
        let mut table = Table::new(keys.len());
        for key in keys {
            let hashed = (hasher.hash_one(key), key);
            let admitted = table.try_acquire(&gcra, &hasher, hashed, Timestamp::EPOCH, 1);
            assert_eq!(admitted, Ok(()));
        }
        let search = |key: &u64| {
            let hash = hasher.hash_one(key);
            table
                .find(hash, key)
                .map(|at| table.distance(table.home(hash), at) + 1)
        };
        let searches: Vec<_> = keys.iter().map(search).collect();
        searches
            .into_iter()
            .map(|it| it.expect("it is held"))
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn searches_are_short_in_a_full_table_whatever_the_keys_look_like() {
        let many = 100_000;
        let patterns: [fn(u64) -> u64; 4] = [|n| n, |n| n << 32, |n| n << 44, |n| n * 4_096];
        for (index, pattern) in patterns.into_iter().enumerate() {
            let keys: Vec<u64> = (0..many).map(pattern).collect();
            let longest = longest_search(&keys);
            assert!(longest < 300, "pattern {index}: {longest} slots");
        }
    }

    #[test]
    fn a_slot_is_a_key_and_a_word() {
        assert_eq!(size_of::<Slot<u64>>(), 16);
        assert_eq!(Table::<u64>::new(1_000_000).slots.len(), 1_500_001);
    }
}
