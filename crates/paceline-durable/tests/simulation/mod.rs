//! A run of quotas through grants, restarts, crashes, errors of the disk and jumps of the clock, from one seed.

mod witness;

use std::{fmt::Write as _, io::ErrorKind, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use paceline_core::{Limiter, Restore, Rng, SplitMix64, Timestamp};
use paceline_durable::{DurableQuota, HighWaterFile, NotGranted, OpenError, QuotaId, StoreError};
use paceline_quota::{CalendarUnit, Window};
use witness::Witness;

use crate::faulty::{Call, Fate, Fault, Medium};

/// How often things happened, in all runs together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) grants: u64,
    pub(crate) refusals: u64,
    pub(crate) faults: u64,
    pub(crate) restarts: u64,
    pub(crate) crashes: u64,
    pub(crate) windows: u64,
    pub(crate) lost: u64,
    pub(crate) rotten: u64,
}

/// Runs a seed, and gives its trace: equal seeds give equal traces.
///
/// # Panics
///
/// Panics with the trace if an invariant is broken.
pub(crate) fn run(seed: u64, operations: u32, tally: &mut Tally) -> String {
    let mut world = World::new(seed);
    world.open();
    for _ in 0..operations {
        world.step();
    }
    let total = |of: fn(&Witness) -> u64| {
        world
            .quotas
            .iter()
            .map(|seat| of(&seat.witness))
            .sum::<u64>()
    };
    tally.windows += total(|witness| witness.windows);
    tally.lost += total(|witness| witness.lost);
    tally.grants += world.tally.grants;
    tally.refusals += world.tally.refusals;
    tally.faults += world.tally.faults;
    tally.restarts += world.tally.restarts;
    tally.crashes += world.tally.crashes;
    tally.rotten += world.tally.rotten;
    std::mem::take(&mut world.trace)
}

struct World {
    rng: SplitMix64,
    medium: Medium,
    now: Timestamp,
    quotas: Vec<Seat>,
    tally: Tally,
    trace: String,
    /// Whether a block may go bad. Then no write is cut off: both together are not promised.
    rots: bool,
    rotten: bool,
}

/// A quota's place, whether or not it is open.
struct Seat {
    id: QuotaId,
    window: Window,
    limit: u64,
    lease: u64,
    quota: Option<DurableQuota>,
    witness: Witness,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        let zone = |name| TimeZone::get(name).expect("the zone is bundled");
        let windows = [
            Window::calendar(CalendarUnit::Day, zone("Europe/Berlin")),
            Window::calendar(CalendarUnit::Month, zone("UTC")),
            Window::fixed(Duration::from_secs(3_600)),
        ];
        let seats = windows.into_iter().zip(0..).map(|(window, n)| Seat {
            id: QuotaId::new("team", &format!("limit {n}")),
            window,
            limit: [20, 300, 5_000][pick(&mut rng, 3)],
            lease: [1, 7, 100][pick(&mut rng, 3)],
            quota: None,
            witness: Witness::default(),
        });
        let quotas = seats.collect();
        let start = 1_790_000_000 + rng.next_u64() % 10_000_000;
        Self {
            rng,
            medium: Medium::default(),
            now: Timestamp::from_nanos(start * 1_000_000_000),
            quotas,
            tally: Tally::default(),
            trace: String::new(),
            rots: seed.is_multiple_of(4),
            rotten: false,
        }
    }

    fn below(&mut self, n: usize) -> usize {
        pick(&mut self.rng, n)
    }

    fn note(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.trace, "{} {text}", self.now.as_nanos());
    }

    fn step(&mut self) {
        let which = self.below(self.quotas.len());
        match self.below(100) {
            0..55 => self.grant(which),
            55..60 => self.ask(which),
            60..66 => self.renew(which),
            66..69 => self.give_back(which),
            69..72 => self.set_limit(which),
            72..74 => self.spend(which),
            74..84 => self.pass_time(),
            84..90 => self.plan_fault(),
            90..93 => self.end(),
            93..97 => self.crash(),
            _ => self.kill(),
        }
        if self.below(20) == 0 {
            self.medium.heal();
        }
    }

    fn cost(&mut self, which: usize) -> u64 {
        let limit = self.quotas[which].limit.min(10_000);
        let most = [1, 3, 2 * self.quotas[which].lease, limit / 4 + 1, limit + 2][self.below(5)];
        self.rng.next_u64() % most + 1
    }

    fn grant(&mut self, which: usize) {
        let (cost, now) = (self.cost(which), self.now);
        let seat = &mut self.quotas[which];
        let Some(quota) = &mut seat.quota else {
            return;
        };
        let was_faulty = quota.fault().is_some();
        seat.witness.asked(cost);
        let answer = quota.grant(now, cost);
        match &answer {
            Ok(()) => {
                assert!(!was_faulty, "granted after a fault\n{}", self.trace);
                let ends_at = quota.resets_at(now).expect("a window is open");
                seat.witness
                    .granted(now, &seat.window, ends_at, cost, seat.limit);
                self.tally.grants += 1;
            }
            Err(NotGranted::Denied(_)) => {
                assert!(!was_faulty, "denied and not faulty\n{}", self.trace);
                self.tally.refusals += 1;
            }
            Err(NotGranted::Store(_)) => {
                assert!(quota.fault().is_some() && quota.available(now) == 0);
                // The mark may have come to the disk all the same.
                seat.witness.reserved(seat.window.leaves_at(now));
                self.tally.faults += 1;
            }
        }
        self.note(format_args!("grant {which} {cost}: {answer:?}"));
    }

    fn ask(&mut self, which: usize) {
        let (cost, now) = (self.cost(which), self.now);
        let seat = &mut self.quotas[which];
        let Some(quota) = &seat.quota else {
            return;
        };
        let before = quota.available(now);
        seat.witness.asked(cost);
        let answer = quota.check(now, cost);
        assert!(
            quota.available(now) == before || quota.fault().is_some(),
            "asking spent"
        );
        assert_eq!(answer.is_ok(), cost <= quota.available(now), "agreement");
        if answer.is_ok() || quota.fault().is_some() {
            seat.witness.reserved(seat.window.leaves_at(now));
        }
        self.note(format_args!("ask {which} {cost}: {answer:?}"));
    }

    /// Spends what was not asked for, such as more than an estimate.
    fn spend(&mut self, which: usize) {
        let (cost, now) = (self.cost(which) / 2, self.now);
        let seat = &mut self.quotas[which];
        let Some(quota) = &mut seat.quota else {
            return;
        };
        seat.witness.asked(cost);
        seat.witness.ended(quota);
        quota.charge(now, cost);
        seat.witness.reserved(seat.window.leaves_at(now));
        // What could not be made durable is not promised to be remembered.
        if quota.fault().is_none() && cost > 0 {
            let ends_at = quota.resets_at(now).expect("a window is open");
            seat.witness
                .granted(now, &seat.window, ends_at, cost, u64::MAX);
        }
        self.note(format_args!("spend {which} {cost}"));
    }

    fn renew(&mut self, which: usize) {
        let seat = &self.quotas[which];
        let renewal = seat
            .quota
            .as_ref()
            .and_then(|quota| quota.renewal(self.now));
        if let Some(renewal) = renewal {
            let text = format!("{renewal:?}");
            let answer = renewal.write().is_ok();
            self.note(format_args!("renew {which} {text}: {answer}"));
        }
    }

    fn give_back(&mut self, which: usize) {
        let cells = self.rng.next_u64() % 5;
        let seat = &mut self.quotas[which];
        if let Some(quota) = seat.quota.as_mut().filter(|quota| quota.fault().is_none()) {
            let before = quota.used(self.now);
            let ends_at = quota.resets_at(self.now);
            quota.restore(self.now, cells);
            seat.witness
                .gave_back(ends_at, before - quota.used(self.now));
            self.note(format_args!("give back {which} {cells}"));
        }
    }

    fn set_limit(&mut self, which: usize) {
        let limit = [0, 1, 10, 300, 5_000, u64::MAX - 1][self.below(6)];
        let seat = &mut self.quotas[which];
        seat.limit = limit;
        if let Some(quota) = &mut seat.quota {
            let used = quota.used(self.now);
            quota.set_limit(limit);
            assert_eq!(quota.used(self.now), used, "a limit is no gift");
            assert!(quota.available(self.now) <= limit.saturating_sub(used));
        }
        self.note(format_args!("limit {which} {limit}"));
    }

    fn pass_time(&mut self) {
        let unit = [1, 600, 3_600, 86_400, 86_400 * 20][self.below(5)];
        let by = Duration::from_secs(unit + self.rng.next_u64() % unit);
        let back = self.below(5) == 0;
        self.now = if back {
            self.now.saturating_sub(by)
        } else {
            self.now.saturating_add(by)
        };
        self.note(format_args!("clock"));
    }

    fn plan_fault(&mut self) {
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
        let at = self.below(100);
        match self.below(5) {
            0 => Fate::Lost,
            1 => Fate::Whole,
            2 => Fate::Prefix(at),
            3 => Fate::Suffix(at),
            _ => Fate::Garbage(0x5A),
        }
    }

    /// The process ends in order, if the disk lets it.
    fn end(&mut self) {
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
    fn crash(&mut self) {
        let mut rng = self.rng.clone();
        self.rng.next_u64();
        for seat in &mut self.quotas {
            seat.quota
                .iter()
                .for_each(|quota| seat.witness.ended(quota));
        }
        let fate = |rng: &mut SplitMix64| match pick(rng, 5) {
            0 => Fate::Lost,
            1 => Fate::Whole,
            2 => Fate::Prefix(pick(rng, 100)),
            3 => Fate::Suffix(pick(rng, 100)),
            _ => Fate::Garbage(0xA5),
        };
        self.medium.crash(&mut |_| fate(&mut rng));
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
    fn kill(&mut self) {
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
        if !self.rots || self.rotten || bytes.len() < 100 || self.below(3) > 0 {
            return;
        }
        self.rotten = true;
        self.tally.rotten += 1;
        let block = self.below(bytes.len().div_ceil(4_096));
        let at = (block * 4_096 + self.below(88)).min(bytes.len() - 1);
        bytes[at] ^= 1 << self.below(8);
        self.medium = Medium::holding(bytes);
        self.note(format_args!("rot {at}"));
    }

    fn open(&mut self) {
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
                Err(OpenError::Store(err)) => panic!("{err}\n{}", self.trace),
                Err(err) => panic!("{err}\n{}", self.trace),
            };
            let text = format!("{quota:?}");
            let _ = writeln!(self.trace, "open {text}");
            seat.witness.opened(&quota, seat.lease, &self.trace);
            seat.quota = Some(quota);
        }
    }
}

fn pick(rng: &mut SplitMix64, n: usize) -> usize {
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    usize::try_from(rng.next_u64() % n).unwrap_or(0)
}
