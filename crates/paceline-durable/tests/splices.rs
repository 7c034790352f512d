//! Parts of several writes that were cut off, one upon the other, never make a mark that nobody found before.

mod faulty;

use faulty::{Call, Fate, Fault, Medium};
use paceline_core::Timestamp;
use paceline_durable::{HighWaterFile, Mark, QuotaId, Store, StoreError};
use proptest::{collection::vec, prelude::*};

const BLOCK: usize = 4_096;
const RECORD: usize = 168;
/// No `persist` flushes more often.
const FLUSHES: usize = 6;

fn id(quota: u64) -> QuotaId {
    QuotaId::new("team", &quota.to_string())
}

fn mark(n: u64) -> Mark {
    Mark {
        rule: [7; 16],
        ends_at: Timestamp::from_nanos(1_000),
        granted_up_to: n,
    }
}

fn open(medium: &Medium) -> HighWaterFile {
    medium.heal();
    HighWaterFile::on(medium.handle()).expect("it opens")
}

fn load(store: &HighWaterFile, quota: u64) -> Option<u64> {
    let mark = store.load(&id(quota)).expect("it is healthy");
    mark.map(|mark| mark.granted_up_to)
}

/// Opens a store and writes a mark. The given flush fails, and what was written before it has these fates: the power fails,
/// or else the cache pretends that nothing had happened.
///
/// Says whether the mark is durable, as there were fewer flushes.
fn attempt(medium: &Medium, quota: u64, to: u64, flush: usize, fates: &[Fate], kill: bool) -> bool {
    let store = open(medium);
    let before = load(&store, quota).map(mark);
    let fault = if kill {
        Fault::Kill
    } else {
        Fault::FailedFlush(fates.to_vec())
    };
    let mut left = flush;
    medium.plan(move |_, call| {
        if call != Call::Sync {
            return None;
        }
        let hit = left == 0;
        left = left.wrapping_sub(1);
        hit.then(|| fault.clone())
    });
    let durable = store.persist(&id(quota), before, mark(to)).is_ok();
    if kill {
        medium.crash(&mut |index| fates[index % fates.len()]);
    }
    durable
}

/// Two writes to the same place, at any flush of each: of the first one part comes to the disk, of the
/// second the rest.
fn torn_twice(begun: &[u64], quotas: [u64; 2], check: impl Fn([Option<u64>; 2], [Option<u64>; 2])) {
    let mut torn = 0;
    for cut in 0..=RECORD {
        for fates in [
            [Fate::Suffix(cut), Fate::Prefix(cut)],
            [Fate::Prefix(cut), Fate::Suffix(cut)],
        ] {
            for flushes in (0..FLUSHES * FLUSHES).map(|n| [n / FLUSHES, n % FLUSHES]) {
                let medium = Medium::default();
                for &n in begun {
                    assert!(attempt(&medium, 1, n, FLUSHES, &[Fate::Lost], true));
                }
                if attempt(&medium, quotas[0], 90, flushes[0], &[fates[0]; 2], true) {
                    break;
                }
                let found = |store: &HighWaterFile| [1, 2].map(|quota| load(store, quota));
                let between = found(&open(&medium));
                if attempt(&medium, quotas[1], 4, flushes[1], &[fates[1]; 2], true) {
                    continue;
                }
                torn += 1;
                check(between, found(&open(&medium)));
            }
        }
    }
    assert!(torn > 4 * RECORD, "{torn}");
}

/// What the first write did not leave is gone for good, whatever the second one leaves.
#[test]
fn two_writes_of_a_quota_that_are_cut_off_make_no_mark_of_the_first() {
    for begun in [&[][..], &[2], &[2, 3], &[2, 3, 2]] {
        torn_twice(begun, [1, 1], |between, after| {
            let known = between[0] == after[0] || after[0] == Some(4);
            assert!(known, "{after:?} after {between:?}");
        });
    }
}

/// A quota that was never begun does not come to be when another one is.
#[test]
fn two_quotas_that_were_begun_at_one_place_make_no_mark_of_the_first() {
    torn_twice(&[], [1, 2], |between, after| {
        assert_eq!(between[0], after[0]);
        assert!(matches!(after[1], None | Some(4)), "{after:?}");
    });
}

/// The slot that is written next is erased, and both copies of the newest mark go bad: that is found, and not taken for
/// the place of a quota that was never finished.
#[test]
fn an_erased_slot_and_a_bad_one_are_no_empty_place() {
    for marks in [&[2][..], &[2, 3], &[2, 3, 2]] {
        let medium = Medium::default();
        let store = open(&medium);
        let mut before = None;
        for &to in marks {
            store.persist(&id(1), before, mark(to)).expect("healthy");
            before = Some(mark(to));
        }
        // Of the flushes after opening, the fourth is the one of the mark.
        assert!(!attempt(&medium, 1, 4, 3, &[Fate::Lost], true));
        let whole = medium.platter();
        let slots = [0, 2 * BLOCK];
        let erased = slots.iter().filter(|&&at| whole[at..].starts_with(b"-"));
        assert_eq!(erased.count(), 1);
        let mut bytes = whole;
        for at in slots.iter().flat_map(|slot| [*slot, slot + BLOCK]) {
            if bytes[at] != b'-' {
                bytes[at + 20] ^= 1;
            }
        }
        let damaged = HighWaterFile::on(Medium::holding(bytes).handle());
        assert!(matches!(damaged, Err(StoreError::Damaged)));
    }
}

/// One attempt to write a mark.
#[derive(Clone, Debug)]
struct Attempt {
    quota: u64,
    to: u64,
    /// Which flush fails, if there are so many.
    flush: usize,
    fates: Vec<Fate>,
    /// Whether the power fails then, or else the flush, so that the cache pretends that it had not.
    crash: bool,
}

/// Parts that often fit to each other: what one write leaves out, another one brings.
fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let parts = (any::<u32>(), vec(0..RECORD, 1..4));
    parts.prop_flat_map(|(words, cuts)| {
        let fate = (0..cuts.len(), 0..8_usize).prop_map(move |(which, kind)| match kind {
            0 => Fate::Words(words),
            1 => Fate::Words(!words),
            2 => Fate::Lost,
            3 => Fate::Whole,
            4 | 5 => Fate::Prefix(cuts[which]),
            _ => Fate::Suffix(cuts[which]),
        });
        let attempt = (1..3_u64, 1..6_u64, 0..FLUSHES, vec(fate, 4), any::<bool>());
        let attempt = attempt.prop_map(|(quota, to, flush, fates, crash)| Attempt {
            quota,
            to,
            flush,
            fates,
            crash,
        });
        vec(attempt, 1..20)
    })
}

/// What may be found of a quota.
#[derive(Debug, Default)]
struct Known {
    durable: Option<u64>,
    /// What was found in the cache, or is under way.
    maybe: Vec<u64>,
}

impl Known {
    fn attempted(&mut self, to: u64, durable: bool) {
        if durable {
            (self.durable, self.maybe) = (Some(to), Vec::new());
        } else {
            self.maybe.push(to);
        }
    }

    /// Whether this may be found; then nothing else may be later on, unless it was in the cache alone.
    fn finds(&mut self, found: Option<u64>, crashed: bool) -> bool {
        let expected = found.is_some_and(|found| self.maybe.contains(&found));
        let old = found == self.durable;
        if !expected && !old {
            return false;
        }
        if crashed {
            self.durable = found;
        }
        if crashed || !expected {
            self.maybe.clear();
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    /// After any attempts, a mark is the one that was durable, or the last that was under way and not found missing.
    #[test]
    fn no_mark_comes_back_that_was_found_missing(attempts in attempts()) {
        let medium = Medium::default();
        let mut known = [Known::default(), Known::default()];
        for Attempt { quota, to, flush, fates, crash } in attempts {
            let durable = attempt(&medium, quota, to, flush, &fates, crash);
            known[usize::from(quota == 2)].attempted(to, durable);
            let store = open(&medium);
            for (quota, known) in (1..).zip(&mut known) {
                let found = load(&store, quota);
                prop_assert!(known.finds(found, crash), "quota {quota}: {found:?}, and not {known:?}");
            }
        }
    }
}
