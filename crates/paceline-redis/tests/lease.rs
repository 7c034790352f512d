//! A lease is used within its bound, and what nobody took comes back.

use std::time::Duration;

use paceline_core::{Demand, Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_redis::{LimitError, Outage, SharedLimit, SharedThrottle, Window};

use server::Server;
use setup::patient;

mod server;
mod setup;

const ONE: Demand = Demand::request(500, 500);

fn leasing(server: &Server, quota: Quota, size: u64, expiry: Duration) -> SharedThrottle {
    let limits = [SharedLimit::gcra(Dimension::Requests, quota)];
    let builder = SharedThrottle::builder(&patient(server), "key", limits, Outage::Closed);
    builder.lease(size, expiry).build().expect("it is valid")
}

#[tokio::test]
async fn a_hundred_requests_cost_a_few_questions() {
    let Some(server) = Server::start() else {
        return;
    };
    let expiry = Duration::from_secs(60);
    let throttle = leasing(&server, Quota::per_second(100), 20, expiry);
    for _ in 0..100 {
        throttle.acquire(ONE).await.expect("it fits").succeeded();
    }
    let counts = throttle.counts();
    // Twenty, then ten at a time.
    assert!(counts.granted <= 10, "{counts:?}");
}

#[tokio::test]
async fn leases_of_two_processes_share_one_burst() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = Quota::per_hour(100);
    // A hundred an hour do not replenish in a second, so leases are of one request.
    let one = leasing(&server, quota, 50, Duration::from_secs(1));
    let other = leasing(&server, quota, 50, Duration::from_secs(1));
    let mut granted = 0;
    while one.try_acquire(ONE).await.is_ok() | other.try_acquire(ONE).await.is_ok() {
        granted += 1;
    }
    assert_eq!(granted, 50);
    assert_eq!(one.counts().granted + other.counts().granted, 100);
}

#[tokio::test]
async fn what_nobody_took_comes_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = Quota::per_second(10)
        .with_burst(100)
        .expect("it is above zero");
    let one = leasing(&server, quota, 50, Duration::from_secs(5));
    let held = one.acquire(ONE).await.expect("it fits");
    while one.counts().given_back == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(held);
    let other = leasing(&server, quota, 1, Duration::from_secs(1));
    let mut left = 0;
    while other.try_acquire(ONE).await.is_ok() {
        left += 1;
    }
    assert!(left >= 99, "{left}");
}

#[tokio::test]
async fn what_cannot_be_leased_honestly_is_refused() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    let make = |limit, size, expiry| {
        let builder = SharedThrottle::builder(&store, "key", [limit], Outage::Closed);
        builder.lease(size, expiry).build().map(drop)
    };
    let second = Duration::from_secs(1);
    let gcra = |dimension| SharedLimit::gcra(dimension, Quota::per_second(100));
    let requests = || gcra(Dimension::Requests);
    assert_eq!(make(requests(), 50, second), Ok(()));
    assert_eq!(make(requests(), 51, second), Err(LimitError::Lease));
    assert_eq!(make(requests(), 0, second), Err(LimitError::Lease));
    assert_eq!(make(requests(), 50, 61 * second), Err(LimitError::Lease));
    assert_eq!(make(requests(), 50, Duration::ZERO), Err(LimitError::Lease));
    assert_eq!(
        make(gcra(Dimension::Tokens), 5, second),
        Err(LimitError::Lease)
    );
    let quota = SharedLimit::quota(Dimension::Requests, 100, Window::utc(CalendarUnit::Day));
    assert_eq!(make(quota, 5, second), Err(LimitError::Lease));
}
