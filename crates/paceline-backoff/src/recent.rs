use core::time::Duration;

use paceline_core::Timestamp;

use crate::delay::nanos;

/// A count of what happened lately, such as parts of retries that were earned; what is older expires.
///
/// Time is cut into slices, each a tenth of the time to live and counted from the first time seen.
/// What was counted in a slice expires as a whole when the slice is ten behind, hence after nine to
/// ten tenths of that time: early rather than late.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    /// The newest slice at index `newest % SLICES`.
    slices: [u64; SLICES],
    newest: u64,
    /// The length of a slice in nanoseconds, unless nothing expires.
    slice: Option<u64>,
}

const SLICES: usize = 10;

impl Recent {
    pub(crate) const fn new() -> Self {
        Self {
            slices: [0; SLICES],
            newest: 0,
            slice: None,
        }
    }

    /// Sets how long parts last; below 10 ns, hardly at all.
    pub(crate) const fn expiring_after(mut self, time_to_live: Duration) -> Self {
        let slice = nanos(time_to_live) / SLICES as u64;
        self.slice = Some(if slice == 0 { 1 } else { slice });
        self
    }

    /// Adds parts to the newest slice, unless they would make more than `most` in all.
    pub(crate) fn add(&mut self, parts: u64, most: u64) {
        let parts = parts.min(most.saturating_sub(self.sum()));
        let newest = self.index(0);
        self.slices[newest] = self.slices[newest].saturating_add(parts);
    }

    /// Takes parts, the oldest first, if there are that many.
    pub(crate) fn take(&mut self, mut parts: u64) -> bool {
        if self.sum() < parts {
            return false;
        }
        for age in (0..SLICES).rev() {
            let index = self.index(age);
            let taken = parts.min(self.slices[index]);
            self.slices[index] -= taken;
            parts -= taken;
        }
        true
    }

    /// Lets expire what is too old at `now`; a `now` that runs back changes nothing.
    pub(crate) fn expire(&mut self, started_at: Timestamp, now: Timestamp) {
        let Some(slice) = self.slice else {
            return;
        };
        let current = now.saturating_duration_since(started_at);
        let current = nanos(current) / slice;
        let passed = current.saturating_sub(self.newest).min(SLICES as u64);
        if passed == 0 {
            return;
        }
        self.newest = current;
        for age in (0..SLICES).take_while(|&age| (age as u64) < passed) {
            let index = self.index(age);
            self.slices[index] = 0;
        }
    }

    /// Where the slice is kept that is this many behind the newest.
    fn index(&self, age: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "below SLICES")]
        let newest = (self.newest % SLICES as u64) as usize;
        (newest + SLICES - age) % SLICES
    }

    /// How many there are.
    pub(crate) fn sum(&self) -> u64 {
        self.slices
            .iter()
            .fold(0, |sum, &parts| sum.saturating_add(parts))
    }
}
