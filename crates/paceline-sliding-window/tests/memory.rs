//! The log remembers at most as many charges as its limit.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_sliding_window::SlidingLog;
use proptest::{collection::vec, prelude::*};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_never_outnumber_the_limit(
        limit in 1..20_u64,
        charges in vec((0..5_000_000_000_u64, 0..4_u64, any::<bool>()), 0..200),
    ) {
        let quota = Quota::new(limit, Duration::from_secs(30)).expect("not zero");
        let (mut log, mut now) = (SlidingLog::new(quota), Timestamp::EPOCH);
        for (wait, cost, forced) in charges {
            now = now.saturating_add(Duration::from_nanos(wait));
            if forced || log.check(now, cost).is_ok() {
                log.charge(now, cost);
            }
            prop_assert!(log.entries() as u64 <= limit, "{} entries", log.entries());
        }
    }
}

#[test]
fn an_unlimited_log_remembers_nothing() {
    let mut log = SlidingLog::new(Quota::UNLIMITED);
    for nanos in 0..1_000 {
        assert!(
            log.try_acquire(Timestamp::from_nanos(nanos), u64::MAX)
                .is_ok()
        );
    }
    assert_eq!(log.entries(), 0);
}

/// Beyond the limit charges share an entry, and it must leave with the last of them.
#[test]
fn a_shared_entry_leaves_late_and_never_early() {
    let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
    let mut log = SlidingLog::new(Quota::per_minute(2));
    for seconds in [0, 10, 30] {
        log.charge(at(seconds), 1);
    }
    assert_eq!(log.entries(), 2);
    assert_eq!(log.available(at(60)), 0, "the debt of 30 s is still there");
    assert_eq!(log.available(at(90)), 2);

    let mut log = SlidingLog::new(Quota::per_minute(u64::MAX - 1));
    log.charge(at(0), u64::MAX);
    log.charge(at(30), u64::MAX);
    assert_eq!(log.available(at(89)), 0, "the sum of both exceeds 64 bits");
}
