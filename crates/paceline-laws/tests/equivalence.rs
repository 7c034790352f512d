//! GCRA and the token bucket with continuous refill are the same limiter.

use std::time::Duration;

use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_laws::Schedule;
use paceline_token_bucket::TokenBucket;

#[test]
fn gcra_and_the_continuous_token_bucket_give_the_same_answers() {
    let month = Duration::from_secs(30 * 86_400);
    let second = Duration::from_secs(1);
    let with_burst = |quota: Quota, burst| quota.with_burst(burst).expect("not zero");
    for (quota, schedule) in [
        (
            with_burst(Quota::per_second(7), 10),
            Schedule::new(second, 12),
        ),
        (
            with_burst(Quota::per_minute(41), 5),
            Schedule::new(10 * second, 6),
        ),
        (
            Quota::per_minute(450_000_000),
            Schedule::new(second, 99_000_000),
        ),
        (Quota::per_minute(u64::MAX), Schedule::new(second, u64::MAX)),
        (
            Quota::new(1, month).expect("not zero"),
            Schedule::new(month, 2),
        ),
        (Quota::per_minute(0), Schedule::new(second, 3)),
        (Quota::UNLIMITED, Schedule::new(second, u64::MAX)),
    ] {
        paceline_laws::equivalent(schedule, || Gcra::new(quota), || TokenBucket::new(quota));
    }
}
