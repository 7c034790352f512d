//! Mistakes that other windows make, and these must not.

use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};

fn millis(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

fn all(quota: Quota) -> [Box<dyn Limiter>; 3] {
    [
        Box::new(SlidingLog::new(quota)),
        Box::new(SlidingCounter::new(quota, Estimate::Weighted)),
        Box::new(SlidingCounter::new(quota, Estimate::Conservative)),
    ]
}

/// The cost left out of the check: 599 of 600 used, then 100 000 more, allowed.
#[test]
fn the_cost_is_part_of_the_check() {
    for mut limiter in all(Quota::per_minute(600)) {
        assert!(limiter.try_acquire(millis(0), 599).is_ok());
        let refused = limiter.try_acquire(millis(0), 100_000);
        assert_eq!(refused, Err(Denied::TooLarge { max: 600 }));
        assert!(limiter.try_acquire(millis(0), 2).is_err());
        assert!(limiter.try_acquire(millis(0), 1).is_ok());
    }
}

/// A fixed window admits 119 of 60 a minute within the second around its edge.
#[test]
fn the_edge_of_a_window_admits_no_second_burst() {
    let quota = Quota::per_minute(60);
    let strict = SlidingCounter::new(quota, Estimate::Conservative);
    let limiters: [Box<dyn Limiter>; 2] = [Box::new(SlidingLog::new(quota)), Box::new(strict)];
    for mut limiter in limiters {
        let within_a_second = (59_500..60_500)
            .filter(|&now| limiter.try_acquire(millis(now), 1).is_ok())
            .count();
        assert_eq!(within_a_second, 60);
    }
}

/// `remaining` that counts up, or is taken from the wrong side.
#[test]
fn what_is_available_counts_down_to_zero() {
    for mut limiter in all(Quota::per_minute(5)) {
        for left in (0..5).rev() {
            assert!(limiter.try_acquire(millis(1), 1).is_ok());
            assert_eq!(limiter.available(millis(1)), left);
        }
        assert!(limiter.try_acquire(millis(1), 1).is_err());
    }
}

/// An error path that drops the state lets an oversized request reset the limit.
#[test]
fn an_oversized_request_resets_nothing() {
    for mut limiter in all(Quota::per_hour(10)) {
        assert!(limiter.try_acquire(millis(0), 10).is_ok());
        assert!(limiter.try_acquire(millis(1), 11).is_err());
        assert_eq!(limiter.available(millis(1)), 0);
    }
}

/// Refused and timed-out waits that leave something behind push later calls out.
#[test]
fn refusals_leave_nothing_behind() {
    let mut log = SlidingLog::new(Quota::per_second(10));
    log.charge(millis(0), 10);
    for now in 0..1_000 {
        let refused = log.try_acquire(millis(now), 1);
        assert_eq!(refused, Err(Denied::Until(millis(1_000))));
    }
    assert_eq!(log.entries(), 1);
    assert_eq!(log.available(millis(1_000)), 10);
}

/// Sub-millisecond remainders, dropped at each poll, cost a tenth to a half of the rate.
#[test]
fn polling_often_loses_nothing() {
    let quota = Quota::per_second(10);
    let mut log = SlidingLog::new(quota);
    let polls = (0..6_000_000_u64).map(|poll| Timestamp::from_nanos(poll * 1_901));
    let admitted = polls.filter(|&now| log.try_acquire(now, 1).is_ok()).count();
    // 11.4 s: ten cells at once in each second that begins, a poll later each time.
    assert_eq!(admitted, 120);
}
