//! What a crash, a bad block or an error leaves of a file: the mark that was durable, or the one under way.

mod faulty;

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use faulty::{Call, Fate, Fault, Medium};
use paceline_core::Timestamp;
use paceline_durable::{HighWaterFile, Mark, QuotaId, Store, StoreError};

const BLOCK: usize = 4_096;
const RECORD: usize = 168;

fn id(n: u64) -> QuotaId {
    QuotaId::new("team", &n.to_string())
}

fn mark(n: u64) -> Mark {
    Mark {
        rule: [7; 16],
        ends_at: Timestamp::from_nanos(1_000 + n / 3),
        granted_up_to: n,
    }
}

fn open(medium: &Medium) -> HighWaterFile {
    HighWaterFile::on(medium.handle()).expect("it opens")
}

fn load(store: &HighWaterFile, quota: u64) -> Option<u64> {
    let mark = store.load(&id(quota)).expect("it is healthy");
    mark.map(|mark| mark.granted_up_to)
}

/// Moves a quota from mark to mark.
fn advance(store: &HighWaterFile, quota: u64, from: u64, to: u64) -> Result<(), StoreError> {
    let before = (from > 0).then(|| mark(from));
    store.persist(&id(quota), before, mark(to))
}

/// A medium with quotas 0 and 1, of which the latter has come to `n`; it was last opened before mark `opened`.
fn prepared(n: u64, opened: u64) -> Medium {
    let medium = Medium::default();
    let mut store = open(&medium);
    advance(&store, 0, 0, 77).expect("healthy");
    for n in 0..n {
        if n == opened {
            store = open(&medium);
        }
        advance(&store, 1, n, n + 1).expect("healthy");
    }
    medium
}

/// Every way in which the writes before each flush may be cut off.
fn fates(writes: usize) -> Vec<Vec<Fate>> {
    let mut single = vec![Fate::Lost, Fate::Garbage(0xA5), Fate::Garbage(0)];
    single.extend((1..=RECORD).flat_map(|n| [Fate::Prefix(n), Fate::Suffix(RECORD - n)]));
    if writes == 1 {
        return single.into_iter().map(|fate| vec![fate]).collect();
    }
    let others = [
        Fate::Lost,
        Fate::Whole,
        Fate::Prefix(41),
        Fate::Garbage(0x5A),
    ];
    let pairs = single.iter().flat_map(|&fate| {
        let both = others.map(|other| [vec![fate, other], vec![other, fate]]);
        both.into_iter().flatten()
    });
    pairs.collect()
}

/// Every flush of every kind of `persist` is cut off in every way, by a crash or by an error and a crash.
#[test]
fn a_write_that_is_cut_off_leaves_the_old_mark_or_the_new() {
    let mut cases = 0_u64;
    // Of a new quota, of one that goes on, and of one that was opened anew: to the first slot and to the second.
    for (n, reopened) in [
        (0, false),
        (1, false),
        (2, false),
        (3, false),
        (1, true),
        (2, true),
    ] {
        for flush in 1.. {
            // Says how many writes were under way, too.
            let attempt = |fault: Fault| {
                let medium = prepared(n, n.saturating_sub(1));
                let store = open(&medium);
                if !reopened && n > 0 {
                    // Goes on in the process that wrote the last mark.
                    advance(&store, 1, n, n + 100).expect("healthy");
                    advance(&store, 1, n + 100, n).expect("healthy");
                }
                let (mut flushes, mut writes) = (0, 0);
                let under_way = Arc::new(AtomicUsize::new(0));
                let seen = under_way.clone();
                medium.plan(move |_, call| {
                    writes += usize::from(call == Call::Write);
                    if call != Call::Sync {
                        return None;
                    }
                    let written = std::mem::take(&mut writes);
                    flushes += 1;
                    (flushes == flush).then(|| {
                        seen.store(written, Relaxed);
                        fault.clone()
                    })
                });
                let answer = advance(&store, 1, n, n + 1);
                assert_eq!(
                    answer.is_err(),
                    medium.heal() > 0 && under_way.load(Relaxed) > 0
                );
                if answer.is_err() {
                    assert!(matches!(store.load(&id(1)), Err(StoreError::Poisoned)));
                }
                (medium, under_way.load(Relaxed))
            };
            let (_, writes) = attempt(Fault::Kill);
            if writes == 0 {
                break;
            }
            for fates in fates(writes) {
                // The power fails before the flush.
                let (medium, _) = attempt(Fault::Kill);
                medium.crash(&mut |index| fates[index]);
                recovers(&medium, n);
                // The flush fails, the process goes on to read and to write, and then the power fails.
                let (medium, _) = attempt(Fault::FailedFlush(fates.clone()));
                let store = open(&medium);
                let found = load(&store, 1).unwrap_or(0);
                assert!(found == n || found == n + 1, "{found} after {n}");
                medium.plan(|_, call| (call == Call::Sync).then_some(Fault::Kill));
                let _ = advance(&store, 1, found, 50);
                medium.crash(&mut |_| Fate::Garbage(0x11));
                recovers(&medium, n);
                cases += 2;
            }
        }
    }
    assert_eq!(cases, 51_528);
}

/// Opens what a crash left, twice, and writes to it.
fn recovers(medium: &Medium, n: u64) {
    let found = load(&open(medium), 1).unwrap_or(0);
    assert!(found == n || found == n + 1, "{found} after {n}");
    let store = open(medium);
    assert_eq!(load(&store, 0), Some(77), "the other quota");
    advance(&store, 1, found, 60).expect("healthy");
    advance(&store, 0, 77, 78).expect("healthy");
    medium.crash(&mut |_| Fate::Lost);
    let store = open(medium);
    assert_eq!((load(&store, 0), load(&store, 1)), (Some(78), Some(60)));
}

/// One block goes bad: any bit is flipped, or it is gone.
#[test]
fn a_block_that_goes_bad_changes_no_mark() {
    let mut cases = 0;
    for n in 1..=4 {
        let whole = prepared(n, n.saturating_sub(1)).platter();
        let check = |bytes: Vec<u8>, what: &dyn Fn() -> String| {
            let store = open(&Medium::holding(bytes));
            let found = (load(&store, 0), load(&store, 1));
            assert_eq!(found, (Some(77), Some(n)), "{}", what());
        };
        for block in 0..whole.len().div_ceil(BLOCK) {
            let begin = block * BLOCK;
            let record = begin..(begin + RECORD).min(whole.len());
            for at in record {
                for bit in 0..8 {
                    let mut bytes = whole.clone();
                    bytes[at] ^= 1 << bit;
                    check(bytes, &|| format!("bit {bit} of byte {at}"));
                    cases += 1;
                }
            }
            for filler in [0, 0xFF, b'p'] {
                let mut bytes = whole.clone();
                let end = (begin + BLOCK).min(bytes.len());
                bytes[begin..end].fill(filler);
                check(bytes, &|| format!("block {block} full of {filler}"));
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 43_104);
}

/// Each call fails in turn: the mark is the old one or the new, and nothing is written any more.
#[test]
fn after_an_error_nothing_is_persisted_until_it_is_opened_again() {
    let mut cases = 0;
    for n in 0..4 {
        for call in 0.. {
            let kinds = [
                ErrorKind::StorageFull,
                ErrorKind::Other,
                ErrorKind::TimedOut,
            ];
            let mut happened = false;
            for kind in kinds {
                for done in 0..RECORD {
                    let medium = prepared(n, n);
                    let store = open(&medium);
                    medium.plan(move |number, _| {
                        (number == call).then_some(Fault::Error(kind, done))
                    });
                    let answer = advance(&store, 1, n, n + 1);
                    happened = medium.heal() > call;
                    assert_eq!(answer.is_err(), happened);
                    if !happened {
                        break;
                    }
                    assert!(matches!(answer, Err(StoreError::Io(_))));
                    let again = advance(&store, 1, n, n + 1);
                    assert!(matches!(again, Err(StoreError::Poisoned)));
                    let other = advance(&store, 0, 77, 78);
                    assert!(matches!(other, Err(StoreError::Poisoned)));
                    recovers(&medium, n);
                    cases += 1;
                }
            }
            if !happened {
                break;
            }
        }
    }
    assert_eq!(cases, 18_144);
}

/// Reads and writes that do only a part are gone on with; a read that fails is an error and no empty store.
#[test]
fn short_reads_and_writes_lose_nothing() {
    let mut cases = 0;
    for n in 1..4 {
        for most in 1..RECORD {
            let medium = prepared(n, n);
            medium.plan(move |_, call| match call {
                Call::Read | Call::Write => Some(Fault::Short(most)),
                _ => None,
            });
            let store = open(&medium);
            assert_eq!((load(&store, 0), load(&store, 1)), (Some(77), Some(n)));
            advance(&store, 1, n, n + 1).expect("only slow");
            medium.heal();
            medium.crash(&mut |_| Fate::Lost);
            assert_eq!(load(&open(&medium), 1), Some(n + 1));
            cases += 1;
        }
        for call in 0..9 {
            for fault in [Fault::Short(0), Fault::Error(ErrorKind::Other, 0)] {
                let medium = prepared(n, n);
                medium.plan(move |number, _| (number == call).then(|| fault.clone()));
                let opened = HighWaterFile::on(medium.handle());
                if medium.heal() > call && !(call == 0 && opened.is_ok()) {
                    assert!(matches!(opened, Err(StoreError::Io(_))), "call {call}");
                }
                cases += 1;
            }
        }
        // An interruption is none.
        let medium = prepared(n, n);
        let mut interrupted = false;
        medium.plan(move |_, call| {
            interrupted = !interrupted && matches!(call, Call::Read | Call::Write);
            interrupted.then_some(Fault::Error(ErrorKind::Interrupted, 0))
        });
        let store = open(&medium);
        advance(&store, 1, n, n + 1).expect("only interrupted");
    }
    assert_eq!(cases, 555);
}
