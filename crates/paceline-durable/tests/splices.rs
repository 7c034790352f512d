//! Parts of several writes that were cut off, one upon the other, never make a mark that nobody found before.

#[path = "splices/backend.rs"]
mod backend;
mod faulty;
#[path = "splices/known.rs"]
mod known;

use backend::Backend;
use faulty::{Call, Fate, Fault, Medium};
use known::Known;
use paceline_core::Timestamp;
use paceline_durable::{HighWaterFile, Mark, QuotaId, RedbStore, Store, StoreError};
use proptest::{collection::vec, prelude::*};

const BLOCK: usize = 4_096;
const RECORD: usize = 168;
/// Neither opening and a `persist` of redb nor a `persist` of a file flush more often.
const FLUSHES: usize = 6;

/// How a store on a medium is opened.
type Open = fn(&Medium) -> Result<Box<dyn Store>, StoreError>;

fn file(medium: &Medium) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(HighWaterFile::on(medium.handle())?))
}

fn redb(medium: &Medium) -> Result<Box<dyn Store>, StoreError> {
    let backend = Backend::new(medium.handle());
    Ok(Box::new(RedbStore::on(backend, 1)?))
}

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

fn load(store: &dyn Store, quota: u64) -> Option<u64> {
    let mark = store.load(&id(quota)).expect("it is healthy");
    mark.map(|mark| mark.granted_up_to)
}

/// One attempt to open a store and to write a mark.
#[derive(Clone, Debug)]
struct Attempt {
    quota: u64,
    to: u64,
    /// Which flush fails, if there are so many.
    flush: usize,
    /// What becomes of the writes before it, in turn.
    fates: Vec<Fate>,
    /// Whether the power fails then, or else the flush, so that the cache pretends that it had not.
    crash: bool,
}

impl Attempt {
    /// Says whether the mark is durable.
    fn run(&self, open: Open, medium: &Medium) -> bool {
        let fault = if self.crash {
            Fault::Kill
        } else {
            Fault::FailedFlush(self.fates.clone())
        };
        let mut left = self.flush;
        medium.plan(move |_, call| {
            if call != Call::Sync {
                return None;
            }
            let hit = left == 0;
            left = left.wrapping_sub(1);
            hit.then(|| fault.clone())
        });
        let id = id(self.quota);
        let written = open(medium).and_then(|store| {
            let before = store.load(&id)?;
            store.persist(&id, before, mark(self.to))
        });
        if self.crash {
            let mut fates = self.fates.iter().cycle();
            medium.crash(&mut |_| fates.next().copied().unwrap_or(Fate::Lost));
        }
        medium.heal();
        written.is_ok()
    }
}

/// Two writes to the same place, at any flush of each: of the first one part comes to the disk, of the
/// second the rest. Says in how many cases both were cut off.
fn torn_twice(
    open: Open,
    begun: &[u64],
    quotas: [u64; 2],
    check: fn([Option<u64>; 2], [Option<u64>; 2]),
) -> u64 {
    let mut torn = 0;
    for cut in 0..=RECORD {
        for fates in [
            [Fate::Suffix(cut), Fate::Prefix(cut)],
            [Fate::Prefix(cut), Fate::Suffix(cut)],
        ] {
            for flushes in (0..FLUSHES * FLUSHES).map(|n| [n / FLUSHES, n % FLUSHES]) {
                let medium = Medium::default();
                let run = |quota, to, flush, fate| {
                    let attempt = Attempt {
                        quota,
                        to,
                        flush,
                        fates: vec![fate],
                        crash: true,
                    };
                    attempt.run(open, &medium)
                };
                let found = || {
                    let store = open(&medium).expect("it opens");
                    [1, 2].map(|quota| load(&*store, quota))
                };
                for &n in begun {
                    assert!(run(1, n, usize::MAX, Fate::Lost));
                }
                if run(quotas[0], 90, flushes[0], fates[0]) {
                    break;
                }
                let between = found();
                if run(quotas[1], 4, flushes[1], fates[1]) {
                    continue;
                }
                torn += 1;
                check(between, found());
            }
        }
    }
    torn
}

/// What the first write did not leave is gone for good, whatever the second one leaves.
#[test]
fn two_writes_of_a_quota_that_are_cut_off_make_no_mark_of_the_first() {
    let mut cases = 0;
    for begun in [&[][..], &[2], &[2, 3], &[2, 3, 2]] {
        cases += torn_twice(file, begun, [1, 1], |between, after| {
            let known = between[0] == after[0] || after[0] == Some(4);
            assert!(known, "{after:?} after {between:?}");
        });
    }
    assert_eq!(cases, 18_590);
}

/// A quota that was never begun does not come to be when another one is.
#[test]
fn two_quotas_that_were_begun_at_one_place_make_no_mark_of_the_first() {
    let cases = torn_twice(file, &[], [1, 2], |between, after| {
        assert_eq!(between[0], after[0]);
        assert!(matches!(after[1], None | Some(4)), "{after:?}");
    });
    assert_eq!(cases, 1_686);
}

/// The slot that is written next is erased, and both copies of the newest mark go bad: that is found, and not taken for
/// the place of a quota that was never finished.
#[test]
fn an_erased_slot_and_a_bad_one_are_no_empty_place() {
    for marks in [&[2][..], &[2, 3], &[2, 3, 2]] {
        let medium = Medium::default();
        let store = file(&medium).expect("it opens");
        let mut before = None;
        for &to in marks {
            store.persist(&id(1), before, mark(to)).expect("healthy");
            before = Some(mark(to));
        }
        // Of the flushes after opening, the fourth is the one of the mark.
        let attempt = Attempt {
            quota: 1,
            to: 4,
            flush: 3,
            fates: Vec::new(),
            crash: true,
        };
        assert!(!attempt.run(file, &medium));
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

/// Parts that often fit to each other: what one write leaves out, another one brings.
fn attempts(
    longest: usize,
    crash: impl Strategy<Value = bool> + Clone,
) -> impl Strategy<Value = Vec<Attempt>> {
    let parts = (any::<u32>(), vec(0..longest, 1..4));
    parts.prop_flat_map(move |(words, cuts)| {
        let fate = (0..cuts.len(), 0..8_usize).prop_map(move |(which, kind)| match kind {
            0 => Fate::Words(words),
            1 => Fate::Words(!words),
            2 => Fate::Lost,
            3 => Fate::Whole,
            4 | 5 => Fate::Prefix(cuts[which]),
            _ => Fate::Suffix(cuts[which]),
        });
        let attempt = (1..3_u64, 1..6_u64, 0..FLUSHES, vec(fate, 4), crash.clone());
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

/// After any attempts, a mark is the one that was durable, or the last that was under way and not found missing.
///
/// Says what kept the store from opening, if anything did.
fn only_known_marks(open: Open, attempts: &[Attempt]) -> Result<Option<StoreError>, TestCaseError> {
    let medium = Medium::default();
    // It is made before anything goes wrong.
    drop(open(&medium).expect("it opens"));
    let mut known = [Known::default(), Known::default()];
    for attempt in attempts {
        let durable = attempt.run(open, &medium);
        known[usize::from(attempt.quota == 2)].attempted(attempt.to, durable);
        let store = match open(&medium) {
            Ok(store) => store,
            Err(err) => return Ok(Some(err)),
        };
        for (quota, known) in (1..).zip(&mut known) {
            let found = load(&*store, quota);
            prop_assert!(
                known.finds(found, attempt.crash),
                "quota {quota}: {found:?}, and not {known:?}"
            );
        }
    }
    Ok(None)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_mark_comes_back_that_was_found_missing(attempts in attempts(RECORD, any::<bool>())) {
        let refused = only_known_marks(file, &attempts)?;
        prop_assert!(refused.is_none(), "{refused:?}");
    }
}

proptest! {
    // Each one writes a database of many pages again and again.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    /// The power fails only: redb knows nothing of caches that pretend.
    #[test]
    fn no_mark_comes_back_in_redb(attempts in attempts(512, Just(true))) {
        let refused = only_known_marks(redb, &attempts)?;
        prop_assert!(refused.is_none(), "{refused:?}");
    }
}
