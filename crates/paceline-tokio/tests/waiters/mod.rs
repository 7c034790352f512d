//! Throttles and waiters that several tests make.

use std::time::Duration;

use paceline_admission::Priority;
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::Throttle;
use tokio::time::Instant;

pub(crate) fn per_second(limit: u64, burst: u64) -> Throttle<Gcra> {
    let quota = Quota::per_second(limit);
    Throttle::new(Gcra::new(quota.with_burst(burst).expect("not zero")))
}

/// Spawns a task that acquires and says when it was admitted; it is in line when this returns.
pub(crate) async fn waiter(
    throttle: &Throttle<Gcra>,
    cost: u64,
    priority: Priority,
) -> tokio::task::JoinHandle<Duration> {
    let acquire = throttle.acquire(cost).with_priority(priority);
    let start = Instant::now();
    let task = tokio::spawn(async move {
        let admitted = acquire.await.expect("it conforms some day");
        let took = start.elapsed();
        admitted.succeeded();
        took
    });
    tokio::task::yield_now().await;
    task
}
