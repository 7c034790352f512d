//! What holds while the store is away, and when it comes back.

use std::time::Duration;

use paceline_core::{Demand, Dimension};
use paceline_redis::{
    AcquireError, Outage, SharedThrottle, Store, StoreUnavailable, TryAcquireError,
};

use server::Server;
use setup::{ONE, hourly, monthly, patient, share, store, take, until_decided, until_denied};

mod server;
mod setup;

#[tokio::test]
async fn a_frozen_server_costs_one_timeout_per_probe_and_not_one_per_call() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = store(&server.url(), Store::TIMEOUT);
    let closed = SharedThrottle::new(
        &store,
        "key",
        [hourly(Dimension::Requests, 1_000)],
        Outage::Closed,
    );
    let closed = closed.expect("it is valid");
    until_decided(&closed).await;
    let (before, begin) = (closed.counts(), closed.now());
    server.signal("STOP");
    let (mut calls, mut timed_out) = (0, 0);
    while closed.counts().probes < before.probes + 3 {
        let failed = closed.acquire(ONE).await.expect_err("it is frozen");
        let AcquireError::StoreUnavailable(why) = failed else {
            panic!("{failed}");
        };
        calls += 1;
        timed_out += u64::from(why != StoreUnavailable::NotAsked);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let probes = closed.counts().probes - before.probes;
    let took = closed.now().saturating_duration_since(begin);
    // The first call noticed; then it was one call per probe, however many there were.
    assert_eq!(
        timed_out,
        1 + probes,
        "{calls} calls, {:?}",
        closed.counts()
    );
    assert!(took >= 2 * Store::PROBE_SPACING, "{took:?}");
    server.signal("CONT");
    until_decided(&closed).await;
}

#[tokio::test]
async fn a_question_that_is_not_answered_counts_as_spent() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = SharedThrottle::new(
        &store(&server.url(), Store::TIMEOUT),
        "key",
        [hourly(Dimension::Requests, 5)],
        Outage::Closed,
    );
    let throttle = throttle.expect("it is valid");
    until_decided(&throttle).await;
    server.signal("STOP");
    let failed = throttle.acquire(ONE).await.expect_err("it is frozen");
    assert_eq!(
        failed,
        AcquireError::StoreUnavailable(StoreUnavailable::TimedOut)
    );
    server.signal("CONT");
    until_denied(&throttle).await;
    // The question was executed when the server woke up, and is not given back.
    let counts = throttle.counts();
    assert!(counts.granted <= 4, "{counts:?}");
    // Unless others came too late as well, all else was granted.
    assert!(counts.granted + counts.timed_out >= 5, "{counts:?}");
}

#[tokio::test]
async fn a_store_that_was_never_there_is_no_reason_to_fail() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.kill();
    let store = store(&server.url(), Store::TIMEOUT);
    let open = SharedThrottle::new(
        &store,
        "key",
        [hourly(Dimension::Requests, 3)],
        Outage::Open,
    );
    let open = open.expect("it is valid");
    for _ in 0..10 {
        open.acquire(ONE)
            .await
            .expect("everything is admitted")
            .succeeded();
    }
    assert_eq!(open.counts().admitted_unlimited, 10);
    // Until somebody has looked whether it is there, and told it in vain what was admitted.
    while open.counts().probes == 0 {
        drop(open.try_acquire(ONE).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.run().expect("it runs again");
    while open.counts().denied == 0 {
        drop(open.try_acquire(ONE).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What was admitted meanwhile is charged: the burst of three is spent, and more.
    assert!(matches!(
        open.try_acquire(ONE).await,
        Err(TryAcquireError::Denied(_))
    ));
}

#[tokio::test]
async fn a_local_share_is_a_share_and_no_more() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let limits = || {
        [
            hourly(Dimension::Requests, 40),
            monthly(Dimension::Requests, 36),
        ]
    };
    let throttles: Vec<SharedThrottle> = (0..4)
        .map(|_| {
            let store = patient(&server);
            let builder = SharedThrottle::builder(&store, "key", limits(), share(4));
            builder.hold(Duration::ZERO).build().expect("it is valid")
        })
        .collect();
    // The first one uses four of its ten.
    for _ in 0..4 {
        take(&throttles[0], ONE).await;
    }
    for throttle in &throttles[1..] {
        take(throttle, Demand::default()).await;
    }
    server.kill();
    let mut admitted = Vec::new();
    for throttle in &throttles {
        let mut alone = 0;
        loop {
            match throttle.try_acquire(ONE).await {
                Ok(admitted) => {
                    admitted.succeeded();
                    alone += 1;
                }
                Err(TryAcquireError::Denied(_)) => break,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(throttle.counts().admitted_alone, alone);
        admitted.push(alone);
    }
    // A quarter of the burst each, and of what the quota has left.
    assert_eq!(admitted, [6, 8, 8, 8]);
    // More than a share at once can never be.
    let many = Demand {
        requests: 11,
        ..ONE
    };
    let refused = throttles[0]
        .acquire(many)
        .await
        .expect_err("it is more than a share");
    assert_eq!(
        refused,
        AcquireError::StoreUnavailable(StoreUnavailable::BeyondShare)
    );
    server.run().expect("it runs again");
    let decided = |throttle: &SharedThrottle| throttle.counts().granted + throttle.counts().denied;
    for throttle in &throttles {
        let before = decided(throttle);
        while decided(throttle) == before {
            drop(throttle.try_acquire(ONE).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // The store lost all it knew, and was told: four were granted before, and 30 admitted meanwhile. Two of 36 are left.
    for throttle in &throttles {
        while throttle.try_acquire(ONE).await.is_ok() {}
    }
    let granted: u64 = throttles.iter().map(|one| one.counts().granted).sum();
    let alone: u64 = throttles
        .iter()
        .map(|one| one.counts().admitted_alone)
        .sum();
    assert!(granted + alone <= 36 + 3, "{granted} and {alone}");
}
