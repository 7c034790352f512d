//! GCRA and the token bucket with continuous refill are the same limiter.

use std::time::Duration;

use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_laws::{Schedule, equivalent, regimes};
use paceline_token_bucket::TokenBucket;

#[test]
fn gcra_and_the_continuous_token_bucket_give_the_same_answers() {
    let huge = Quota::per_minute(u64::MAX);
    let beyond_the_reference = (huge, Schedule::new(Duration::from_secs(1), u64::MAX));
    for (quota, schedule) in regimes().into_iter().chain([beyond_the_reference]) {
        equivalent(schedule, || Gcra::new(quota), || TokenBucket::new(quota));
    }
}
