use paceline_core::Timestamp;

/// Events to come, ordered by time and, among equal times, by the order of scheduling.
///
/// A 4-ary heap of 16-byte entries; events stay put in a slab while entries move. Ties run first in, first out, which
/// is what makes a simulation reproducible. Events that are scheduled one right after the other for the same time,
/// as by a herd that wakes together, are a run that shares one entry, and cost no search.
///
/// # Examples
///
/// ```
/// use paceline_core::Timestamp;
/// use paceline_sim::engine::EventQueue;
///
/// let mut queue = EventQueue::new();
/// queue.schedule(Timestamp::from_nanos(2), 'b');
/// queue.schedule(Timestamp::from_nanos(1), 'a');
/// queue.schedule(Timestamp::from_nanos(2), 'c');
/// let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
/// assert_eq!(order, "abc");
/// ```
#[derive(Debug)]
pub struct EventQueue<E> {
    heap: Vec<Entry>,
    slab: Vec<Option<E>>,
    /// By slot, that of the next event of the run, or `NONE`; apart from the events, so that it fits into caches.
    next: Vec<u32>,
    free: Vec<u32>,
    /// How many runs there were.
    runs: u64,
    /// The time and the last slot of the newest run, while that is pending.
    newest: Option<(Timestamp, u32)>,
}

const NONE: u32 = u32::MAX;

/// Time in the upper 64 bits, then the 40 bits of a run's serial number, then 24 bits for the slot of its first event.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry(u128);

const SLOT_BITS: u32 = 24;
const SERIAL_BITS: u32 = 40;
/// Children per node: fewer levels than a binary heap, and siblings share a cache line.
const ARITY: usize = 4;

impl Entry {
    fn new(at: Timestamp, serial: u64, slot: u32) -> Self {
        let key = (serial << SLOT_BITS) | u64::from(slot);
        Self(u128::from(at.as_nanos()) << 64 | u128::from(key))
    }

    const fn at(self) -> Timestamp {
        Timestamp::from_nanos((self.0 >> 64) as u64)
    }

    const fn slot(self) -> u32 {
        (self.0 & ((1 << SLOT_BITS) - 1)) as u32
    }

    /// The entry of the rest of a run, which takes its place.
    fn starting_at(self, slot: u32) -> Self {
        Self(self.0 >> SLOT_BITS << SLOT_BITS | u128::from(slot))
    }
}

impl<E> EventQueue<E> {
    /// Makes an empty pending set.
    pub const fn new() -> Self {
        Self {
            heap: Vec::new(),
            slab: Vec::new(),
            next: Vec::new(),
            free: Vec::new(),
            runs: 0,
            newest: None,
        }
    }

    /// How many events are pending.
    pub const fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    /// Whether no event is pending.
    pub const fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// When the earliest event happens.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.heap.first().map(|entry| entry.at())
    }

    /// Adds an event.
    ///
    /// # Panics
    ///
    /// Panics at 2^24 pending events and at 2^40 events in all, which bound the memory and the
    /// hours of a run.
    pub fn schedule(&mut self, at: Timestamp, event: E) {
        let slot = self.store(event);
        match self.newest.replace((at, slot)) {
            Some((time, last)) if time == at => self.next[last as usize] = slot,
            _ => {
                let serial = self.runs;
                assert!(serial < 1 << SERIAL_BITS, "2^40 events were scheduled");
                self.runs += 1;
                self.heap.push(Entry::new(at, serial, slot));
                self.sift_up(self.heap.len() - 1);
            }
        }
    }

    /// Takes the earliest event.
    pub fn pop(&mut self) -> Option<(Timestamp, E)> {
        let root = self.heap.first_mut()?;
        let (at, slot) = (root.at(), root.slot());
        let next = self.next[slot as usize];
        if next == NONE {
            self.newest = self.newest.filter(|&(_, last)| last != slot);
            self.remove_root();
        } else {
            *root = root.starting_at(next);
        }
        self.free.push(slot);
        let event = self.slab[slot as usize].take()?;
        Some((at, event))
    }

    fn store(&mut self, event: E) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slab[slot as usize] = Some(event);
            self.next[slot as usize] = NONE;
            return slot;
        }
        let slot = u32::try_from(self.slab.len()).unwrap_or(u32::MAX);
        assert!(slot < 1 << SLOT_BITS, "2^24 events are pending");
        self.slab.push(Some(event));
        self.next.push(NONE);
        slot
    }

    fn remove_root(&mut self) {
        let Some(last) = self.heap.pop() else {
            return;
        };
        if let Some(root) = self.heap.first_mut() {
            *root = last;
            self.sift_down();
        }
    }

    fn sift_up(&mut self, mut child: usize) {
        let entry = self.heap[child];
        while child > 0 {
            let parent = (child - 1) / ARITY;
            if self.heap[parent] <= entry {
                break;
            }
            self.heap[child] = self.heap[parent];
            child = parent;
        }
        self.heap[child] = entry;
    }

    /// Moves the root to where it belongs.
    fn sift_down(&mut self) {
        let entry = self.heap[0];
        let mut parent = 0;
        loop {
            let first = parent * ARITY + 1;
            let last = (first + ARITY).min(self.heap.len());
            let Some(children) = self.heap.get(first..last).filter(|c| !c.is_empty()) else {
                break;
            };
            let (mut least, mut least_entry) = (0, children[0]);
            for (index, &child) in children.iter().enumerate().skip(1) {
                if child < least_entry {
                    (least, least_entry) = (index, child);
                }
            }
            if entry <= least_entry {
                break;
            }
            self.heap[parent] = least_entry;
            parent = first + least;
        }
        self.heap[parent] = entry;
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is a stable sort by time.
        #[test]
        fn pops_by_time_then_by_order_of_scheduling(times in vec(0..40_u64, 0..300), width in 1..40_u64) {
            let mut queue = EventQueue::new();
            // The narrower, the longer are runs of equal times.
            let times: Vec<u64> = times.iter().map(|nanos| nanos % width).collect();
            for (index, &nanos) in times.iter().enumerate() {
                queue.schedule(Timestamp::from_nanos(nanos), index);
            }
            let mut expected: Vec<_> = times.iter().copied().zip(0..).collect();
            expected.sort_by_key(|&(nanos, _)| nanos);
            let popped: Vec<_> = std::iter::from_fn(|| queue.pop())
                .map(|(at, index)| (at.as_nanos(), index))
                .collect();
            prop_assert_eq!(popped, expected);
        }

        /// The oracle keeps all pending events in a list and searches it.
        #[test]
        fn interleaved_calls_lose_and_duplicate_nothing(
            steps in vec(prop_oneof![(0..50_u64).prop_map(Some), Just(None)], 0..300), width in 1..50_u64,
        ) {
            let (mut queue, mut pending) = (EventQueue::new(), Vec::new());
            for (serial, step) in steps.into_iter().enumerate() {
                if let Some(nanos) = step.map(|nanos| nanos % width) {
                    queue.schedule(Timestamp::from_nanos(nanos), serial);
                    pending.push((nanos, serial));
                } else {
                    let earliest = pending.iter().copied().min();
                    pending.retain(|&event| Some(event) != earliest);
                    let popped = queue.pop().map(|(at, serial)| (at.as_nanos(), serial));
                    prop_assert_eq!(popped, earliest);
                }
                prop_assert_eq!(queue.len(), pending.len());
            }
        }
    }
}
