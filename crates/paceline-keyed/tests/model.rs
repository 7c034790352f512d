//! A store answers as one limiter per key would that never forgets, or is stricter.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    time::Duration,
};

use foldhash::quality::FixedState;
use paceline_core::{Denied, Quota, Timestamp};
use paceline_gcra::WordGcra;
use paceline_keyed::{Keyed, Refused};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseResult};

const KEYS: u64 = 12;

/// Makes most keys collide, and some of them across the end of the table.
#[derive(Default)]
struct Terrible(u64);

impl Hasher for Terrible {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = [u64::MAX, u64::MAX / 3, u64::MAX - 1][usize::try_from(key % 3).unwrap_or(0)];
    }
}

/// One word per key, none of which is ever forgotten.
struct Model {
    gcra: WordGcra,
    words: [u64; 12],
}

impl Model {
    fn new(quota: Quota) -> Self {
        Self {
            gcra: WordGcra::new(quota, Timestamp::EPOCH),
            words: [0; 12],
        }
    }

    fn word(&mut self, key: u64) -> &mut u64 {
        &mut self.words[usize::try_from(key).unwrap_or(0)]
    }

    fn decide(&mut self, now: Timestamp, key: u64, cost: u64) -> Result<u64, Denied> {
        let word = *self.word(key);
        self.gcra.decide(word, now, cost)
    }

    fn available(&mut self, now: Timestamp, key: u64) -> u64 {
        let word = *self.word(key);
        self.gcra.available(word, now)
    }
}

/// One call: wait, perhaps read a clock that lags, then spend; all times in quarters of a cell.
type Call = (u64, u64, u64, u64);

fn calls(longest_lag: u64) -> impl Strategy<Value = Vec<Call>> {
    let wait = prop_oneof![3 => Just(0), 3 => 0..6_u64, 1 => 0..40_u64];
    vec((wait, 0..=longest_lag, 0..KEYS, 0..6_u64), 1..200)
}

/// Three a second, four at once.
fn quota() -> Quota {
    Quota::per_second(3).with_burst(4).expect("not zero")
}

fn at(quarters: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_nanos(quarters * 83_333_333))
}

/// Each key is asked for, so a key that was forgotten too early shows at once.
fn never_more_than(
    model: &mut Model,
    store: &Keyed<u64, impl BuildHasher>,
    now: Timestamp,
) -> TestCaseResult {
    for key in 0..KEYS {
        let most = model.available(now, key);
        prop_assert!(store.available(now, &key) <= most, "key {key} was reset");
    }
    Ok(())
}

fn equals_the_model(calls: &[Call], hasher: impl BuildHasher) -> TestCaseResult {
    let mut store = Keyed::with_hasher(quota(), 12, Timestamp::EPOCH, hasher);
    let (mut model, mut time) = (Model::new(quota()), 0);
    for &(wait, _, key, cost) in calls {
        time += wait;
        let now = at(time);
        let expected = model.decide(now, key, cost);
        prop_assert_eq!(store.check(now, &key, cost), expected.map(drop));
        let answer = store.try_acquire(now, &key, cost);
        prop_assert_eq!(answer, expected.map(drop).map_err(Refused::Denied));
        if let Ok(word) = expected {
            *model.word(key) = word;
        }
        for key in 0..KEYS {
            let left = model.available(now, key);
            prop_assert_eq!(store.available(now, &key), left);
        }
    }
    Ok(())
}

/// Room for a third of the keys, and clocks that lag: strict, whatever is forgotten.
fn is_at_most_the_model(calls: &[Call], hasher: impl BuildHasher) -> TestCaseResult {
    let mut store = Keyed::with_hasher(quota(), 4, Timestamp::EPOCH, hasher);
    let (mut model, mut time) = (Model::new(quota()), 0);
    for &(wait, lag, key, cost) in calls {
        time += wait;
        let now = at(time.saturating_sub(lag));
        let expected = model.decide(now, key, cost);
        match store.try_acquire(now, &key, cost) {
            Ok(()) => {
                prop_assert!(expected.is_ok(), "admitted what the model denies");
                if let Ok(word) = expected {
                    *model.word(key) = word;
                }
            }
            Err(Refused::Denied(Denied::Until(at))) => prop_assert!(at > now),
            Err(Refused::Denied(Denied::TooLarge { max })) => prop_assert!(cost > max),
            Err(Refused::Full { retry_at }) => {
                prop_assert_eq!(store.len(), store.capacity());
                prop_assert!(retry_at.is_none_or(|at| at > now), "it is free now");
            }
        }
        prop_assert!(store.len() <= 4);
        never_more_than(&mut model, &store, now)?;
        never_more_than(&mut model, &store, at(time))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_room_for_all_it_equals_one_limiter_per_key(calls in calls(0)) {
        equals_the_model(&calls, FixedState::with_seed(1))?;
        equals_the_model(&calls, BuildHasherDefault::<Terrible>::default())?;
    }

    #[test]
    fn it_is_never_more_generous_however_small_it_is_and_however_clocks_lag(calls in calls(60)) {
        is_at_most_the_model(&calls, FixedState::with_seed(2))?;
        is_at_most_the_model(&calls, BuildHasherDefault::<Terrible>::default())?;
    }

    #[test]
    fn a_change_of_quota_hands_out_no_fresh_burst(
        wait in 0..100_u64,
        limit in 1..50_u64,
        burst in 1..50_u64,
        spent in 1..5_u64,
    ) {
        let mut store: Keyed<u64> = Keyed::new(quota(), 4, Timestamp::EPOCH);
        let now = at(wait);
        store.try_acquire(now, &1, spent).expect("the burst is four");
        let other = Quota::per_second(limit).with_burst(burst).expect("not zero");
        let whole = store.try_acquire_with(now, &1, burst, other);
        prop_assert!(whole.is_err(), "the whole burst, though some is spent");
        // What the same time is worth at the new quota.
        let gone = (spent * limit).div_ceil(3);
        let left = burst.saturating_sub(gone + 1);
        prop_assert!(left == 0 || store.try_acquire_with(now, &1, left, other).is_ok());
        prop_assert!(store.try_acquire_with(now, &2, burst, other).is_ok(), "a key of its own");
    }
}
