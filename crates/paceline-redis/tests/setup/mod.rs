//! Stores, limits and throttles that several tests and examples use.

#![allow(dead_code, reason = "each test uses its own part")]
#![allow(unreachable_pub, reason = "an example includes it, too")]

use std::time::Duration;

use paceline_core::{Demand, Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_redis::{
    AcquireError, Admitted, Outage, Salt, SharedLimit, SharedThrottle, Store, TryAcquireError,
    Window,
};
use tokio::task::JoinHandle;

use crate::server::Server;

/// A request without tokens.
pub const ONE: Demand = Demand::request(0, 0);

pub fn store(url: &str, timeout: Duration) -> Store {
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    Store::open_with_timeout(url, salt, timeout).expect("the address is valid")
}

/// For what is not about timeouts: machines that run tests are busy.
pub fn patient(server: &Server) -> Store {
    store(&server.url(), Duration::from_secs(5))
}

/// A throttle that admits nothing while the store is away, and whose quotas grant from the beginning.
pub fn throttle(store: &Store, limits: impl IntoIterator<Item = SharedLimit>) -> SharedThrottle {
    let builder = SharedThrottle::builder(store, "key", limits, Outage::Closed);
    builder
        .hold(Duration::ZERO)
        .build()
        .expect("the limits are valid")
}

pub fn hourly(dimension: Dimension, cells: u64) -> SharedLimit {
    SharedLimit::gcra(dimension, Quota::per_hour(cells))
}

pub fn rate(per_second: u64, burst: u64) -> SharedLimit {
    let quota = Quota::per_second(per_second).with_burst(burst);
    SharedLimit::gcra(Dimension::Requests, quota.expect("it is above zero"))
}

pub fn monthly(dimension: Dimension, cells: u64) -> SharedLimit {
    SharedLimit::quota(dimension, cells, Window::utc(CalendarUnit::Month))
}

pub fn share(processes: u32) -> Outage {
    Outage::LocalShare {
        processes: processes.try_into().expect("it is above zero"),
    }
}

/// A request with so many tokens of input.
pub fn tokens(input_tokens: u64) -> Demand {
    Demand::request(input_tokens, 0)
}

/// Waits until a request is admitted, which succeeds.
pub async fn take(throttle: &SharedThrottle, cost: Demand) {
    let admitted = throttle.acquire(cost).await;
    admitted.expect("it is granted").succeeded();
}

/// Takes requests until one is not admitted at once, and says how many it took.
pub async fn take_all(throttle: &SharedThrottle, cost: Demand) -> u64 {
    let mut taken = 0;
    while let Ok(admitted) = throttle.try_acquire(cost).await {
        admitted.succeeded();
        taken += 1;
    }
    taken
}

/// A task that waits for a request to be admitted, once it is the first in line.
pub async fn waits(
    throttle: &SharedThrottle,
    cost: Demand,
) -> JoinHandle<Result<Admitted, AcquireError>> {
    let task = tokio::spawn(throttle.acquire(cost).into_future());
    while throttle.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    task
}

/// Asks until the store decides.
pub async fn until_decided(throttle: &SharedThrottle) {
    while let Err(TryAcquireError::StoreUnavailable(_)) = throttle.try_acquire(ONE).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks until a limit denies.
pub async fn until_denied(throttle: &SharedThrottle) {
    loop {
        match throttle.try_acquire(ONE).await {
            Err(TryAcquireError::Denied(_)) => return,
            Err(TryAcquireError::StoreUnavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => {}
        }
    }
}

/// How many of a hundred tasks that ask at the same time are granted a request within a minute.
pub async fn granted_of_a_hundred(throttle: &SharedThrottle) -> u32 {
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let throttle = throttle.clone();
            tokio::spawn(async move {
                let minute = Duration::from_secs(60);
                throttle.acquire_within(ONE, minute).await.is_ok()
            })
        })
        .collect();
    let mut granted = 0;
    for task in tasks {
        granted += u32::from(task.await.expect("it does not panic"));
    }
    granted
}
