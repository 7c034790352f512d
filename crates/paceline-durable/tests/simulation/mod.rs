//! A run of quotas through grants, restarts, crashes, errors of the disk and jumps of the clock, from one seed.

mod disasters;
mod witness;

use std::{fmt::Write as _, time::Duration};

use jiff::tz::TimeZone;
use paceline_core::{Limiter, Restore, Rng, SplitMix64, Timestamp};
use paceline_durable::{DurableQuota, NotGranted, QuotaId};
use paceline_quota::{CalendarUnit, Window};
use witness::Witness;

use crate::faulty::Medium;

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
    pub(crate) torn_twice: u64,
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
    tally.torn_twice += world.tally.torn_twice;
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
            93..96 => self.crash(),
            96..97 => self.tear_twice(which),
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
}

fn pick(rng: &mut SplitMix64, n: usize) -> usize {
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    usize::try_from(rng.next_u64() % n).unwrap_or(0)
}
