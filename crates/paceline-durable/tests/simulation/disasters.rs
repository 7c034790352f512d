use std::{fmt::Write as _, io::ErrorKind, sync::Arc};

use paceline_core::{Rng, SplitMix64};
use paceline_durable::{DurableQuota, HighWaterFile, StoreError};

use super::{World, pick};
use crate::faulty::{Call, Fate, Fault, Medium};

/// Bytes of a copy of a record.
const RECORD: usize = 168;

/// What goes wrong.
impl World {
    pub(super) fn plan_fault(&mut self) {
        if self.rots {
            return;
        }
        let at = self.rng.next_u64() % 5;
        let done = self.below(200);
        let fates = (0..2).map(|_| self.fate()).collect();
        let (fault, only) = match self.below(6) {
            0 => (Fault::Kill, None),
            1 => (Fault::Short(done.max(1)), Some(Call::Write)),
            2 => (
                Fault::Error(ErrorKind::StorageFull, done),
                Some(Call::Write),
            ),
            3 => (Fault::Error(ErrorKind::Other, done), None),
            _ => (Fault::FailedFlush(fates), Some(Call::Sync)),
        };
        self.note(format_args!("fault {at} {fault:?}"));
        let mut left = at;
        self.medium.plan(move |_, call| {
            if only.is_some_and(|only| only != call) {
                return None;
            }
            let hit = left == 0;
            left = left.wrapping_sub(1);
            hit.then(|| fault.clone())
        });
    }

    fn fate(&mut self) -> Fate {
        fate(&mut self.rng)
    }

    /// The process ends in order, if the disk lets it.
    pub(super) fn end(&mut self) {
        for seat in &mut self.quotas {
            let Some(quota) = seat.quota.take() else {
                continue;
            };
            seat.witness.ended(&quota);
            let closed = quota.close().is_ok();
            seat.witness.closed(closed);
            let _ = writeln!(self.trace, "closed: {closed}");
        }
        self.tally.restarts += 1;
        self.rot();
        self.open();
    }

    /// The process ends amid whatever it does, and the power fails.
    pub(super) fn crash(&mut self) {
        // A generator of its own, so that what is drawn here shifts nothing that is drawn later.
        let mut rng = SplitMix64::new(self.rng.next_u64());
        self.cut_off(&mut |_| fate(&mut rng));
    }

    /// Twice the power fails amid a write, and what the first one leaves out is what the second one brings.
    ///
    /// In between the process ends in order, so that what the first one wrote would be too much to lose.
    pub(super) fn tear_twice(&mut self, which: usize) {
        if self.rots {
            return;
        }
        let mut rng = SplitMix64::new(self.rng.next_u64());
        let cut = pick(&mut rng, RECORD);
        let words = u32::try_from(rng.next_u64() >> 32).unwrap_or(0);
        let parts = [
            (Fate::Prefix(cut), Fate::Suffix(cut)),
            (Fate::Suffix(cut), Fate::Prefix(cut)),
            (Fate::Words(words), Fate::Words(!words)),
        ];
        let (first, second) = parts[pick(&mut rng, 3)];
        for fate in [first, second] {
            self.end();
            // Which flush is the one of a new mark depends on whether this process has written one.
            let mut left = pick(&mut rng, 5);
            self.medium.plan(move |_, call| {
                let hit = call == Call::Sync && left == 0;
                left = left.saturating_sub(usize::from(call == Call::Sync));
                hit.then_some(Fault::Kill)
            });
            self.note(format_args!("tear {left} {fate:?}"));
            self.grant(which);
            self.cut_off(&mut |_| fate);
        }
        self.tally.torn_twice += 1;
    }

    fn cut_off(&mut self, fates: &mut dyn FnMut(usize) -> Fate) {
        for seat in &mut self.quotas {
            seat.quota
                .iter()
                .for_each(|quota| seat.witness.ended(quota));
        }
        self.medium.crash(fates);
        for seat in &mut self.quotas {
            // It cannot write any more.
            seat.quota = None;
            seat.witness.crashed();
        }
        self.tally.crashes += 1;
        self.note(format_args!("crash"));
        self.rot();
        self.open();
    }

    /// The process is killed; what it wrote is in the cache.
    pub(super) fn kill(&mut self) {
        self.medium.kill();
        for seat in &mut self.quotas {
            seat.quota
                .iter()
                .for_each(|quota| seat.witness.ended(quota));
            seat.quota = None;
            seat.witness.closed(false);
        }
        self.note(format_args!("killed"));
        self.open();
    }

    /// Once in a run at most, one bit of one copy flips.
    fn rot(&mut self) {
        let mut bytes = self.medium.platter();
        if !self.rots || self.rotten || bytes.len() < RECORD || self.below(3) > 0 {
            return;
        }
        self.rotten = true;
        self.tally.rotten += 1;
        let block = self.below(bytes.len().div_ceil(4_096));
        let at = (block * 4_096 + self.below(RECORD)).min(bytes.len() - 1);
        bytes[at] ^= 1 << self.below(8);
        self.medium = Medium::holding(bytes);
        self.note(format_args!("rot {at}"));
    }

    pub(super) fn open(&mut self) {
        self.medium.heal();
        let store = match HighWaterFile::on(self.medium.handle()) {
            Ok(store) => Arc::new(store),
            Err(StoreError::Foreign) => {
                // The very first write was cut off to garbage.
                let begun = self.quotas.iter().any(|seat| seat.witness.windows > 0);
                assert!(
                    !begun,
                    "a store is taken for something else\n{}",
                    self.trace
                );
                self.medium = Medium::default();
                return self.open();
            }
            Err(err) => panic!("{err}\n{}", self.trace),
        };
        for seat in &mut self.quotas {
            let opened =
                DurableQuota::open(store.clone(), seat.id, seat.limit, seat.window.clone());
            let quota = match opened {
                Ok(quota) => quota.with_lease(seat.lease),
                Err(err) => panic!("{err}\n{}", self.trace),
            };
            let text = format!("{quota:?}");
            let _ = writeln!(self.trace, "open {text}");
            seat.witness.opened(&quota, seat.lease, &self.trace);
            seat.quota = Some(quota);
        }
    }
}

fn fate(rng: &mut SplitMix64) -> Fate {
    let at = pick(rng, RECORD + 8);
    match pick(rng, 5) {
        0 => Fate::Lost,
        1 => Fate::Whole,
        2 => Fate::Prefix(at),
        3 => Fate::Suffix(at),
        _ => Fate::Garbage(0x5A),
    }
}
