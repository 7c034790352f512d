use alloc::collections::VecDeque;

use paceline_core::{Denied, Limiter, Quota, Timestamp};

/// A limiter that admits at most `limit` cells in any window of `period`.
///
/// # Memory and time
///
/// It remembers the charges of the last period, 16 bytes each, and at most `limit` of them (at most
/// the largest limit that it had, if that was changed): every admitted charge costs at least one
/// cell, charges at one instant share an entry, and so do those beyond the limit. Entries carry
/// running totals, so asking takes no walk over them: amortised constant time for calls that are
/// admitted, and at worst a binary search to tell when a large cost conforms.
///
/// A charge beyond the limit is a debt: nothing conforms until enough has left the window. A `now`
/// before the last charge counts as the time of that charge.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_sliding_window::SlidingLog;
///
/// let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
/// let mut log = SlidingLog::new(Quota::per_minute(10));
/// assert!(log.try_acquire(second(0), 4).is_ok());
/// assert!(log.try_acquire(second(30), 6).is_ok());
///
/// assert_eq!(log.check(second(59), 4), Err(Denied::Until(second(60))));
/// assert_eq!(log.check(second(59), 5), Err(Denied::Until(second(90))));
/// assert_eq!(log.available(second(60)), 4);
/// ```
#[derive(Clone, Debug)]
pub struct SlidingLog {
    quota: Quota,
    /// Charges that may still be in the window, oldest first; never empty after the first.
    entries: VecDeque<Entry>,
    /// The running total before the first entry.
    forgotten: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    /// All cells charged up to this entry, modulo 2^64; those remembered sum up to less than that.
    total: u64,
}

impl SlidingLog {
    /// Makes a limiter with an empty window.
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            entries: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// The quota that this limiter enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// How many charges are remembered; at most the limit.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Enforces another quota from now on; what is remembered counts under it.
    ///
    /// With a longer period, charges that had already left the window and were forgotten stay so.
    pub const fn set_quota(&mut self, _now: Timestamp, quota: Quota) {
        self.quota = quota;
    }

    /// A lagging clock is taken to the time of the last charge.
    #[inline]
    fn settled(&self, now: Timestamp) -> Timestamp {
        self.entries.back().map_or(now, |last| now.max(last.at))
    }

    /// The number of entries that have left the window at `now`.
    #[inline]
    fn left(&self, now: Timestamp) -> usize {
        match now.as_nanos().checked_sub(self.quota.period_nanos()) {
            Some(edge) => self.gallop(0, |entry| entry.at.as_nanos() <= edge),
            None => 0,
        }
    }

    /// The first index from `start` on whose entry fails a predicate that holds for all before it.
    ///
    /// Probes 1, 2, 4 and so on entries further, because the answer is nearly always close by.
    #[inline]
    fn gallop(&self, start: usize, holds: impl Fn(&Entry) -> bool) -> usize {
        let at = |index: usize| self.entries.get(index).is_some_and(&holds);
        if !at(start) {
            return start;
        }
        let (mut within, mut step) = (start, 1);
        while at(within + step) {
            within += step;
            step *= 2;
        }
        // The boundary lies in (within, within + step].
        let (mut low, mut high) = (within + 1, (within + step).min(self.entries.len()));
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The running total before the entry at `index`.
    #[inline]
    fn total_before(&self, index: usize) -> u64 {
        match index.checked_sub(1).and_then(|last| self.entries.get(last)) {
            Some(entry) => entry.total,
            None => self.forgotten,
        }
    }

    /// The cells in the window at `now`, of which the oldest is in entry `left`.
    #[inline]
    fn used(&self, left: usize) -> u64 {
        let all = self
            .entries
            .back()
            .map_or(self.forgotten, |last| last.total);
        all.wrapping_sub(self.total_before(left))
    }

    /// When `excess` cells will have left the window, of which the oldest is in entry `left`.
    fn retry_at(&self, left: usize, excess: u64) -> Timestamp {
        let before = self.total_before(left);
        let last = self.gallop(left, |entry| entry.total.wrapping_sub(before) < excess);
        // The window holds at least the excess, so the entry exists.
        let entry = self.entries.get(last).or_else(|| self.entries.back());
        entry.map_or(Timestamp::MAX, |entry| {
            entry.at.saturating_add(self.quota.period())
        })
    }
}

impl Limiter for SlidingLog {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let max = self.quota.limit();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        let left = self.left(self.settled(now));
        match self.used(left).checked_sub(max - cost) {
            Some(excess) if excess > 0 && cost > 0 => {
                Err(Denied::Until(self.retry_at(left, excess)))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        if cost == 0 || self.quota.is_unlimited() {
            return;
        }
        let now = self.settled(now);
        let left = self.left(now);
        self.forgotten = self.total_before(left);
        self.entries.drain(..left);

        let used = self.used(0);
        let total = self.forgotten.wrapping_add(used.saturating_add(cost));
        let full = self.entries.len() as u64 >= self.quota.limit();
        let overflows = used.checked_add(cost).is_none();
        match self.entries.back_mut() {
            // To share an entry is to leave the window later, never earlier.
            Some(last) if last.at == now || full || overflows => *last = Entry { at: now, total },
            _ => self.entries.push_back(Entry { at: now, total }),
        }
    }

    #[inline]
    fn available(&self, now: Timestamp) -> u64 {
        let left = self.left(self.settled(now));
        self.quota.limit().saturating_sub(self.used(left))
    }
}
