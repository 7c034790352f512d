//! Mistakes that other limiters make, and this one must not.

use std::time::Duration;

use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

fn after(millis: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_millis(millis))
}

/// Spends the burst at the epoch, then takes `cost` at a time whenever it conforms.
fn admitted_later(quota: Quota, cost: u64, poll: Duration, polls: u64) -> u64 {
    let mut gcra = Gcra::new(quota);
    gcra.charge(Timestamp::EPOCH, quota.burst());
    let (mut now, mut admitted) = (Timestamp::EPOCH, 0);
    for _ in 0..polls {
        now = now.saturating_add(poll);
        while gcra.try_acquire(now, cost).is_ok() {
            admitted += cost;
        }
    }
    admitted
}

/// An emission interval in whole nanoseconds admits 0.25 % too many of 450 million a minute.
#[test]
fn a_large_rate_is_not_rounded_up() {
    for per_minute in [7_000_000, 45_000_000, 450_000_000] {
        let quota = Quota::per_minute(per_minute);
        let quota = quota.with_burst(per_minute / 100).expect("not zero");
        let poll = Duration::from_millis(10);
        assert_eq!(admitted_later(quota, 1_000, poll, 6_000), per_minute);
    }
}

/// A refill that claims more time than it credits loses half of the rate when polled often.
#[test]
fn frequent_polling_loses_nothing() {
    // What a late poll leaves over needs room for a second cell.
    let two = |quota: Quota| quota.with_burst(2).expect("not zero");
    let poll = Duration::from_micros(11);
    // A minute and one poll, so that the last cell has replenished.
    let polls = 60_000_000 / 11 + 1;
    assert_eq!(
        admitted_later(two(Quota::per_minute(10)), 1, poll, polls),
        10
    );
    assert_eq!(
        admitted_later(two(Quota::per_second(1)), 1, poll, polls),
        60
    );
    assert_eq!(admitted_later(two(Quota::per_minute(1)), 1, poll, polls), 1);
}

/// Clamping intervals to a millisecond turns 3000 a second into 1000.
#[test]
fn a_rate_above_one_per_millisecond_is_kept() {
    let quota = Quota::per_second(3_000).with_burst(2).expect("not zero");
    let poll = Duration::from_micros(1);
    assert_eq!(admitted_later(quota, 1, poll, 1_000_000), 3_000);
}

/// A tolerance that is applied twice admits up to twice the burst after idling.
#[test]
fn idling_never_credits_more_than_the_burst() {
    let mut gcra = Gcra::new(Quota::per_second(10));
    assert!(gcra.try_acquire(after(0), 1).is_ok());
    for idle in [890, 2_100, 8_900, 86_400_000] {
        let now = after(idle);
        assert_eq!(gcra.available(now), 10, "after {idle} ms");
        for left in (0..10).rev() {
            assert!(gcra.try_acquire(now, 1).is_ok());
            assert_eq!(gcra.available(now), left, "remaining counts down");
        }
        assert!(gcra.check(now, 1).is_err());
    }
}

/// Off by one: a burst of five admits five.
#[test]
fn the_burst_is_exact() {
    let mut gcra = Gcra::new(Quota::per_minute(5));
    let admitted = (0..20)
        .filter(|_| gcra.try_acquire(after(0), 1).is_ok())
        .count();
    assert_eq!(admitted, 5);
}

/// A retry time for a request that can never fit makes its caller loop forever.
#[test]
fn a_cost_above_the_burst_is_too_large_and_changes_nothing() {
    let mut gcra = Gcra::new(Quota::per_hour(10));
    gcra.charge(after(0), 10);
    assert_eq!(
        gcra.try_acquire(after(1), 11),
        Err(Denied::TooLarge { max: 10 })
    );
    // The oversized request must not reset what was spent either.
    assert_eq!(gcra.available(after(1)), 0);
}

/// A burst of `u32::MAX` per hour panics or wraps elsewhere; so do costs beyond 32 bits.
#[test]
fn extreme_quotas_and_costs_do_not_overflow() {
    let quota = Quota::per_hour(1).with_burst(u64::MAX).expect("not zero");
    let mut gcra = Gcra::new(quota);
    assert!(gcra.try_acquire(Timestamp::MAX, u64::MAX).is_ok());
    assert_eq!(
        gcra.check(Timestamp::MAX, 1),
        Err(Denied::Until(Timestamp::MAX))
    );

    let mut gcra = Gcra::new(Quota::per_hour(1));
    for _ in 0..3 {
        gcra.charge(after(0), u64::MAX);
    }
    assert_eq!(gcra.check(after(0), 1), Err(Denied::Until(Timestamp::MAX)));
}

/// Wall clocks step back.
#[test]
fn a_clock_that_runs_back_frees_nothing() {
    let mut gcra = Gcra::new(Quota::per_second(5));
    gcra.charge(after(10_000), 5);
    for back in [9_999, 5_000, 0] {
        assert_eq!(gcra.available(after(back)), 0);
        assert_eq!(
            gcra.check(after(back), 1),
            Err(Denied::Until(after(10_200)))
        );
    }
}

/// The default burst admits nearly twice the limit within one period; a window-safe quota does not.
#[test]
fn a_greedy_minute_is_119_by_default_and_60_when_window_safe() {
    let greedy = |quota| {
        let mut gcra = Gcra::new(quota);
        let attempts = (0..60_000).map(after);
        attempts
            .filter(|&now| gcra.try_acquire(now, 1).is_ok())
            .count()
    };
    let minute = Duration::from_secs(60);
    assert_eq!(greedy(Quota::per_minute(60)), 119);
    for burst in [1, 10, 60] {
        let safe = Quota::window_safe(60, minute, burst).expect("within the limit");
        assert_eq!(greedy(safe), 60, "burst {burst}");
    }
}
