use alloc::collections::VecDeque;

use paceline_core::Timestamp;

/// What was used, and when it stops to count.
///
/// Windows with a reset have one entry; a rolling window has one per slot, 62 at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    entries: VecDeque<Entry>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) leaves_at: Timestamp,
    pub(crate) cells: u64,
}

impl Ledger {
    /// A ledger with these entries, unless they are not ordered by time.
    pub(crate) fn restored(entries: impl Iterator<Item = Entry>) -> Option<Self> {
        let entries: VecDeque<_> = entries.collect();
        let ordered = entries
            .iter()
            .zip(entries.iter().skip(1))
            .all(|(a, b)| a.leaves_at < b.leaves_at);
        ordered.then_some(Self { entries })
    }

    /// What counts at `now`, oldest first.
    pub(crate) fn live(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.leaves_at > now)
    }

    /// The cells that count at `now`; at most 62 * 2^64.
    pub(crate) fn used(&self, now: Timestamp) -> u128 {
        self.live(now).map(|entry| u128::from(entry.cells)).sum()
    }

    /// When at most `most` cells will count.
    pub(crate) fn falls_to(&self, now: Timestamp, most: u64) -> Timestamp {
        let mut used = self.used(now);
        for entry in self.live(now) {
            if used <= u128::from(most) {
                break;
            }
            used -= u128::from(entry.cells);
            if used <= u128::from(most) {
                return entry.leaves_at;
            }
        }
        now
    }

    /// When the last of what counts at `now` stops to count.
    pub(crate) fn empties_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.live(now).last().map(|entry| entry.leaves_at)
    }

    /// Adds cells that count until `leaves_at`, or until the last entry leaves if that is later.
    pub(crate) fn add(&mut self, now: Timestamp, leaves_at: Timestamp, cells: u64) {
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.leaves_at <= now)
        {
            self.entries.pop_front();
        }
        match self.entries.back_mut() {
            // A charge by a lagging clock counts like the latest one.
            Some(last) if last.leaves_at >= leaves_at => {
                last.cells = last.cells.saturating_add(cells);
            }
            _ => self.entries.push_back(Entry { leaves_at, cells }),
        }
    }

    /// Forgets everything but this.
    pub(crate) fn replace(&mut self, leaves_at: Timestamp, cells: u64) {
        self.entries.clear();
        self.entries.push_back(Entry { leaves_at, cells });
    }
}
