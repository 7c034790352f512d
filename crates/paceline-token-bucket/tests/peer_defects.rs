//! Mistakes that other token buckets make, and these must not.

use std::time::Duration;

use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

fn after(micros: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_micros(micros))
}

/// Polls an empty limiter every `poll_us` for `span_us` and counts what it admits.
fn admitted(mut limiter: impl Limiter, poll_us: u64, span_us: u64) -> u64 {
    let mut admitted = 0;
    for now in (1..=span_us / poll_us).map(|poll| after(poll * poll_us)) {
        while limiter.try_acquire(now, 1).is_ok() {
            admitted += 1;
        }
    }
    admitted
}

/// Refills that truncate to micro-tokens but claim all the time admit half of the rate.
#[test]
fn continuous_refill_keeps_every_remainder_at_any_polling_rate() {
    let empty = |quota| TokenBucket::with_initial(quota, Timestamp::EPOCH, 0);
    // What a late poll leaves in the bucket needs room for a second cell.
    let one_a_second = Quota::per_second(1).with_burst(2).expect("not zero");
    for poll_us in [1, 2, 7, 1_000, 99_991] {
        let span_us = 1_000_000 * 6 + poll_us;
        let ten_a_minute = Quota::per_minute(10);
        assert_eq!(admitted(empty(one_a_second), poll_us, span_us), 6);
        assert_eq!(admitted(empty(ten_a_minute), poll_us, span_us), 1);
    }
    assert_eq!(admitted(empty(Quota::per_minute(1)), 100, 60_000_000), 1);
}

/// An interval bucket that drops the sub-millisecond remainder at each drain admits 1112 of 2000.
#[test]
fn stepwise_refill_misses_no_step_at_any_polling_rate() {
    for (interval_ms, expected) in [(1, 2_000), (3, 666), (10, 200)] {
        let quota = Quota::new(1, Duration::from_millis(interval_ms)).expect("not zero");
        let quota = quota.with_burst(50).expect("not zero");
        for poll_us in [1_750, 1_000, 37] {
            let bucket = SteppedBucket::with_initial(quota, Timestamp::EPOCH, 0);
            let got = admitted(bucket, poll_us, 2_000_000);
            assert!(
                (expected - 2..=expected).contains(&got),
                "{got} of {expected}, polled every {poll_us} us"
            );
        }
    }
}

/// A lazy refill that credits idle time after spending the cached balance admits 20 of burst 10.
#[test]
fn idling_never_credits_more_than_the_burst() {
    let quota = Quota::per_second(10);
    let (mut continuous, mut stepped) = (
        TokenBucket::new(quota),
        SteppedBucket::new(quota, Timestamp::EPOCH),
    );
    continuous.charge(after(0), 1);
    stepped.charge(after(0), 1);
    let idle = after(2_100_000);
    let burst = |limiter: &mut dyn Limiter| {
        (0..40)
            .filter(|_| limiter.try_acquire(idle, 1).is_ok())
            .count()
    };
    assert_eq!(burst(&mut continuous), 10);
    assert_eq!(burst(&mut stepped), 10);
}

/// Refused and timed-out calls elsewhere push later ones out.
#[test]
fn refusals_do_not_postpone_the_next_cell() {
    let mut bucket = TokenBucket::with_initial(Quota::per_second(10), after(0), 0);
    for micros in 0..99_999 {
        let refused = bucket.try_acquire(after(micros), 1);
        assert_eq!(refused, Err(Denied::Until(after(100_000))));
    }
    assert_eq!(bucket.try_acquire(after(100_000), 1), Ok(()));
}

/// A cost above the burst gets no retry time, because no time would help.
#[test]
fn a_cost_above_the_burst_is_too_large_and_changes_nothing() {
    let quota = Quota::per_second(10);
    let mut continuous = TokenBucket::with_initial(quota, after(0), 3);
    let mut stepped = SteppedBucket::with_initial(quota, after(0), 3);
    let too_large = Err(Denied::TooLarge { max: 10 });
    assert_eq!(continuous.try_acquire(after(1), 11), too_large);
    assert_eq!(stepped.try_acquire(after(1), 11), too_large);
    assert_eq!(
        (continuous.available(after(1)), stepped.available(after(1))),
        (3, 3)
    );
}

/// Quotas below one cell a second, such as 10 a minute, are as exact as any other.
#[test]
fn slow_quotas_name_the_exact_nanosecond() {
    let seven_an_hour = Quota::per_hour(7).with_burst(1).expect("not zero");
    let mut bucket = TokenBucket::new(seven_an_hour);
    bucket.charge(after(0), 1);
    // 3600 s / 7 = 514.285714285714... s, rounded up.
    let retry_at = Timestamp::from_nanos(514_285_714_286);
    assert_eq!(bucket.check(after(0), 1), Err(Denied::Until(retry_at)));
}

/// Adaptive callers change their quota all the time; that must not eat the refill.
#[test]
fn frequent_changes_of_quota_lose_nothing_but_rounding() {
    let (slow, fast) = (Quota::per_minute(60), Quota::per_second(1));
    let mut bucket = TokenBucket::with_initial(slow, after(0), 0);
    let mut admitted = 0;
    for tick in 1..=60_000 {
        let quota = if tick % 2 == 0 { slow } else { fast };
        let burst = quota.with_burst(60).expect("not zero");
        bucket.set_quota(after(tick * 1_000), burst);
        admitted += u64::from(bucket.try_acquire(after(tick * 1_000), 1).is_ok());
    }
    assert_eq!(admitted, 60);
}
