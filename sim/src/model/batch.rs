use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use crate::scenario::entry::Batch;

/// The batches of one client that are still open, at most one for each workload.
pub(super) struct Batches {
    most: usize,
    wait: Duration,
    /// By workload: its slot, and how many requests are in it.
    open: BTreeMap<u32, (u32, usize)>,
}

/// What becomes of a request that is collected.
pub(super) enum Collected {
    /// It opens a batch, which closes after so long.
    Opens(Duration),
    /// It joins the one in this slot.
    Joins(u32),
    /// It joins the one in this slot, which is full by it.
    Fills(u32),
    /// It is a batch by itself.
    Alone,
}

impl Batches {
    pub(super) fn new(spec: Batch) -> Self {
        Self {
            most: spec.items.get(),
            wait: spec.wait_s.get(),
            open: BTreeMap::new(),
        }
    }

    /// Takes a request of a workload that has this slot.
    pub(super) fn collect(&mut self, workload: u32, slot: u32) -> Collected {
        if self.most == 1 {
            return Collected::Alone;
        }
        match self.open.entry(workload) {
            Entry::Vacant(entry) => {
                entry.insert((slot, 1));
                Collected::Opens(self.wait)
            }
            Entry::Occupied(mut entry) => {
                let (slot, items) = entry.get_mut();
                *items += 1;
                let slot = *slot;
                if *items == self.most {
                    entry.remove();
                    return Collected::Fills(slot);
                }
                Collected::Joins(slot)
            }
        }
    }

    /// Closes the batch of a workload if it is still that of this slot.
    pub(super) fn close(&mut self, workload: u32, slot: u32) -> bool {
        let open = self.open.get(&workload).is_some_and(|it| it.0 == slot);
        if open {
            self.open.remove(&workload);
        }
        open
    }
}
