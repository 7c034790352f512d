use std::collections::{BTreeMap, BTreeSet};

use paceline_core::Timestamp;
use paceline_durable::DurableQuota;
use paceline_quota::Window;

/// Somebody who never crashes and counts what one quota grants.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    /// Cells granted, by the end of the window.
    granted: BTreeMap<Timestamp, u64>,
    /// The largest cost that was asked for, and what was given back, since the quota was last closed.
    largest: u64,
    given_back: u64,
    /// The ends of windows in which anything was admitted, granted or not.
    reserved: BTreeSet<Timestamp>,
    /// What the last process that knew of a window counted in it, losses included.
    counted: BTreeMap<Timestamp, u64>,
    /// Whether the last process could write the exact count.
    exact: bool,
    /// Whether the cache may know of marks that the disk does not.
    cached: bool,
    pub(crate) windows: u64,
    pub(crate) lost: u64,
}

impl Witness {
    pub(crate) fn asked(&mut self, cost: u64) {
        self.largest = self.largest.max(cost);
    }

    pub(crate) fn reserved(&mut self, ends_at: Timestamp) {
        self.reserved.insert(ends_at);
    }

    /// Counts a grant: no window exceeds its limit, ends too early, or opens before the last one is over.
    pub(crate) fn granted(
        &mut self,
        now: Timestamp,
        window: &Window,
        ends_at: Timestamp,
        cost: u64,
        limit: u64,
    ) {
        if let Some((&last, &granted)) = self.granted.last_key_value() {
            assert!(ends_at >= last, "a window was opened again");
            let over = now >= last || granted == 0 || self.reserved.last() > Some(&last);
            assert!(ends_at == last || over, "a window was cut short");
        }
        assert!(ends_at > now, "granted in a window that is over");
        if !self.granted.contains_key(&ends_at) {
            self.windows += 1;
            let whole = ends_at >= window.leaves_at(now) || self.reserved.contains(&ends_at);
            assert!(whole, "a window ends early");
        }
        let granted = self.granted.entry(ends_at).or_insert(0);
        *granted += cost;
        assert!(*granted <= limit, "{granted} granted of {limit}");
    }

    pub(crate) fn gave_back(&mut self, ends_at: Option<Timestamp>, cells: u64) {
        self.given_back += cells;
        if let Some(granted) = ends_at.and_then(|at| self.granted.get_mut(&at)) {
            // After a crash, what was lost can be given back, too.
            *granted = granted.saturating_sub(cells);
        }
    }

    /// The process ends.
    pub(crate) fn ended(&mut self, quota: &DurableQuota) {
        // At the beginning of time, whatever is remembered counts.
        if let Some(ends_at) = quota.resets_at(Timestamp::EPOCH) {
            self.counted.insert(ends_at, quota.used(Timestamp::EPOCH));
        }
        self.exact = false;
    }

    /// The process could write the exact count, or could not.
    pub(crate) fn closed(&mut self, exact: bool) {
        self.exact = exact && !self.cached;
        self.cached |= !exact;
    }

    /// What was in the cache alone is gone.
    pub(crate) fn crashed(&mut self) {
        self.cached = false;
    }

    /// Compares what a new process believes with what is known: never less, and little more.
    pub(crate) fn opened(&mut self, quota: &DurableQuota, lease: u64, trace: &str) {
        let used = quota.used(Timestamp::EPOCH);
        let ends_at = quota.resets_at(Timestamp::EPOCH);
        if let Some((&latest, &granted)) = self.granted.last_key_value() {
            let fewer = ends_at < Some(latest) || ends_at == Some(latest) && used < granted;
            // Once a later window is reserved, this one can never be opened again.
            let over = ends_at.is_none() && self.reserved.last() > Some(&latest);
            assert!(
                !fewer || granted == 0 || over,
                "{granted} granted, {used} remembered\n{trace}"
            );
        }
        if let Some(ends_at) = ends_at {
            let counted = self.counted.get(&ends_at).copied().unwrap_or(0);
            let lost = used.saturating_sub(counted);
            let leases = lease.max(self.largest) + self.given_back;
            let bound = if self.exact { 0 } else { leases };
            assert!(lost <= bound, "{lost} lost, of at most {bound}\n{trace}");
            self.lost += lost;
        }
        // A process that fails to close may leave its lease to the one after the next.
        if self.exact {
            (self.largest, self.given_back) = (0, 0);
        }
    }
}
