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
