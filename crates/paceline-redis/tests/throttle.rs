//! A shared throttle is used as that of one process is, and shares what it should.

use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Quota};
use paceline_redis::{AcquireError, Outage, SharedLimit, SharedThrottle, TryAcquireError};
use paceline_sliding_window::Estimate;

use server::Server;
use setup::{granted_of_a_hundred, hourly, monthly, patient, take, throttle, tokens, waits};

mod server;
mod setup;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn two_processes_share_one_burst() {
    let Some(server) = Server::start() else {
        return;
    };
    // Each with a connection of its own, as two machines have.
    let one = throttle(&patient(&server), [hourly(Dimension::Requests, 5)]);
    let other = throttle(&patient(&server), [hourly(Dimension::Requests, 5)]);
    for _ in 0..2 {
        take(&one, tokens(1)).await;
        take(&other, tokens(1)).await;
    }
    take(&one, tokens(1)).await;
    let denied = other
        .try_acquire(tokens(1))
        .await
        .expect_err("five are gone");
    assert!(
        matches!(denied, TryAcquireError::Denied(Denied::Until(_))),
        "{denied}"
    );
    assert_eq!((one.counts().granted, other.counts().denied), (3, 1));
}

#[tokio::test]
async fn all_limits_are_charged_or_none() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [
        hourly(Dimension::Requests, 3),
        hourly(Dimension::Tokens, 100),
        SharedLimit::sliding(
            Dimension::InputTokens,
            Quota::per_hour(1_000),
            Estimate::Weighted,
        ),
        monthly(Dimension::Requests, 50),
    ];
    let throttle = throttle(&patient(&server), limits);
    take(&throttle, tokens(60)).await;
    for more in 61..66 {
        // Too many tokens, which takes no request away. Another cost each time, or it would not be asked about.
        assert!(throttle.try_acquire(tokens(more)).await.is_err());
    }
    throttle
        .acquire_within(tokens(20), SECOND)
        .await
        .expect("it fits")
        .succeeded();
    throttle
        .acquire_within(tokens(19), SECOND)
        .await
        .expect("it fits")
        .succeeded();
    assert!(
        throttle
            .try_acquire(Demand {
                requests: 1,
                ..Demand::default()
            })
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_can_never_conform_is_refused_without_asking() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [
        hourly(Dimension::Tokens, 100),
        hourly(Dimension::Requests, 0),
    ];
    let throttle = throttle(&patient(&server), limits);
    let cost = Demand {
        requests: 0,
        input_tokens: 101,
        output_tokens: 0,
    };
    let refused = throttle.acquire(cost).await.expect_err("the burst is 100");
    assert_eq!(refused, AcquireError::TooLarge { max: 100 });
    // A limit of zero is disabled.
    let refused = throttle
        .acquire(tokens(1))
        .await
        .expect_err("it is disabled");
    assert_eq!(refused, AcquireError::TooLarge { max: 0 });
    assert!(server.keys().is_empty());
    let cost = Demand {
        requests: 0,
        input_tokens: u64::MAX,
        output_tokens: u64::MAX,
    };
    assert_eq!(
        throttle.acquire(cost).await.err(),
        Some(AcquireError::TooLarge { max: 100 })
    );
    take(&throttle, Demand::default()).await;
}

#[tokio::test]
async fn what_was_not_used_comes_back_and_wakes_who_waits() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [
        hourly(Dimension::Tokens, 100),
        SharedLimit::sliding(
            Dimension::InputTokens,
            Quota::per_hour(100),
            Estimate::Conservative,
        ),
        monthly(Dimension::Tokens, 100),
    ];
    let throttle = throttle(&patient(&server), limits);
    let first = throttle.acquire(tokens(100)).await.expect("it fits");
    let next = waits(&throttle, tokens(70)).await;
    first.settle(tokens(30)).expect("it is in time");
    let next = next
        .await
        .expect("it does not panic")
        .expect("70 came back");
    assert!(throttle.try_acquire(tokens(1)).await.is_err());
    // Nothing comes back twice.
    next.cancel().expect("it is in time");
    while throttle.counts().given_back < 2 {
        tokio::task::yield_now().await;
    }
    take(&throttle, tokens(70)).await;
    assert!(throttle.try_acquire(tokens(1)).await.is_err());
}

#[tokio::test]
async fn what_costs_more_than_was_charged_is_charged() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [hourly(Dimension::Tokens, 100)];
    let throttle = throttle(&patient(&server), limits);
    let admitted = throttle.acquire(tokens(10)).await.expect("it fits");
    admitted.settle(tokens(60)).expect("it is in time");
    assert!(throttle.try_acquire(tokens(50)).await.is_err());
    take(&throttle, tokens(40)).await;
}

#[tokio::test]
async fn a_refusal_closes_the_gate_here_and_pauses_the_others() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = || [hourly(Dimension::Requests, 100)];
    let one = throttle(&patient(&server), limits());
    let other = throttle(&patient(&server), limits());
    let admitted = one.acquire(tokens(1)).await.expect("it fits");
    admitted.refused(Some(Duration::from_secs(30)));
    assert!(one.try_acquire(tokens(1)).await.is_err());
    while server.keys().len() < 2 {
        tokio::task::yield_now().await;
    }
    let denied = other
        .try_acquire(tokens(1))
        .await
        .expect_err("all are paused");
    let TryAcquireError::Denied(Denied::Until(at)) = denied else {
        panic!("{denied}")
    };
    let wait = at.saturating_duration_since(other.now());
    assert!(
        wait > Duration::from_secs(20) && wait <= Duration::from_secs(30),
        "{wait:?}"
    );
    assert_eq!(other.counts().denied, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_of_a_hundred_are_granted_each_time() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    for round in 0..20 {
        let scope = format!("key {round}");
        let throttle = SharedThrottle::new(
            &store,
            &scope,
            [hourly(Dimension::Requests, 5)],
            Outage::Closed,
        );
        let throttle = throttle.expect("it is valid");
        assert_eq!(granted_of_a_hundred(&throttle).await, 5);
    }
}
