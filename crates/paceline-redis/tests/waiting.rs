//! Those who wait are served in order, in time or told why not, and leave nothing behind.

use std::{sync::Arc, time::Duration};

use paceline_admission::Priority;
use paceline_concurrency::Fixed;
use paceline_core::Dimension;
use paceline_redis::{AcquireError, Outage, SharedThrottle, TryAcquireError};

use server::Server;
use setup::{hourly, monthly, patient, rate, take, throttle, tokens, waits};

mod server;
mod setup;

#[tokio::test]
async fn a_denied_request_waits_as_long_as_it_must() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = throttle(&patient(&server), [rate(20, 1)]);
    let begin = throttle.now();
    for _ in 0..6 {
        take(&throttle, tokens(1)).await;
    }
    let took = throttle.now().saturating_duration_since(begin);
    assert!(took >= Duration::from_millis(249), "{took:?}");
    let counts = throttle.counts();
    assert_eq!(counts.granted, 6);
    // It sleeps for what the store said, and does not poll.
    assert!(counts.denied <= 6, "{counts:?}");
}

#[tokio::test]
async fn those_who_wait_are_served_in_order_and_urgent_ones_first() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = throttle(&patient(&server), [rate(50, 1)]);
    take(&throttle, tokens(1)).await;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (name, priority) in [
        ("head", Priority::INTERACTIVE),
        ("batch", Priority::BATCH),
        ("first", Priority::INTERACTIVE),
        ("second", Priority::INTERACTIVE),
    ] {
        let (throttle, order) = (throttle.clone(), Arc::clone(&order));
        let waiting = throttle.waiting();
        let counts = throttle.clone();
        tasks.push(tokio::spawn(async move {
            let admitted = throttle.acquire(tokens(1)).with_priority(priority).await;
            admitted.expect("it is granted").succeeded();
            order.lock().expect("nobody panics").push(name);
        }));
        while counts.waiting() == waiting {
            tokio::task::yield_now().await;
        }
    }
    for task in tasks {
        task.await.expect("it does not panic");
    }
    let order = order.lock().expect("nobody panics");
    assert_eq!(*order, ["head", "first", "second", "batch"]);
}

#[tokio::test]
async fn a_deadline_is_kept_and_the_reason_told() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = throttle(&patient(&server), [hourly(Dimension::Requests, 1)]);
    take(&throttle, tokens(1)).await;
    let within = Duration::from_secs(60);
    let refused = throttle
        .acquire_within(tokens(1), within)
        .await
        .expect_err("an hour is longer");
    let AcquireError::NotInTime {
        ready_at: Some(ready_at),
    } = refused
    else {
        panic!("{refused}");
    };
    let wait = ready_at.saturating_duration_since(throttle.now());
    assert!(
        wait > Duration::from_secs(3_500) && wait <= Duration::from_secs(3_600),
        "{wait:?}"
    );
    assert_eq!(throttle.waiting(), 0);
}

#[tokio::test]
async fn the_line_has_an_end() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [hourly(Dimension::Requests, 1)];
    let builder = SharedThrottle::builder(&patient(&server), "key", limits, Outage::Closed);
    let throttle = builder.max_waiting(1).build().expect("it is valid");
    take(&throttle, tokens(1)).await;
    let waits = waits(&throttle, tokens(1)).await;
    let refused = throttle.acquire(tokens(1)).await.expect_err("one waits");
    assert_eq!(refused, AcquireError::LineFull { most: 1 });
    assert_eq!(
        throttle
            .try_acquire(tokens(1))
            .await
            .expect_err("one waits"),
        TryAcquireError::Behind { waiting: 1 }
    );
    waits.abort();
    assert!(waits.await.is_err());
    assert_eq!(throttle.waiting(), 0);
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    // A quota takes back to the cell.
    let limits = [monthly(Dimension::Requests, 40)];
    let builder = SharedThrottle::builder(&patient(&server), "key", limits, Outage::Closed);
    let builder = builder.concurrency(Fixed::new(3)).hold(Duration::ZERO);
    let throttle = builder.build().expect("it is valid");
    // Dropped before the first poll, and after one, two, three ... of them, whatever it waits for then.
    let mut admitted = 0;
    for polls in 0..30 {
        let mut future = throttle.acquire(tokens(1)).into_future();
        for _ in 0..polls {
            let waker = std::task::Waker::noop();
            let mut cx = std::task::Context::from_waker(waker);
            if future.as_mut().poll(&mut cx).is_ready() {
                // What was admitted, and not said to be cancelled, stands.
                admitted += 1;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(future);
        assert_eq!(
            (throttle.waiting(), throttle.in_flight()),
            (0, 0),
            "after {polls} polls"
        );
    }
    // Whatever was granted to nobody comes back, once.
    let granted = |throttle: &SharedThrottle| throttle.counts().granted;
    let mut before = u64::MAX;
    while before != granted(&throttle) {
        before = granted(&throttle);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut left = 0;
    while let Ok(admitted) = throttle.try_acquire(tokens(1)).await {
        admitted.succeeded();
        left += 1;
    }
    assert_eq!(left + admitted, 40, "{:?}", throttle.counts());
    assert!(throttle.counts().given_back > 0, "{:?}", throttle.counts());
}

#[tokio::test]
async fn permits_bound_what_is_in_flight() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [hourly(Dimension::Requests, 100)];
    let builder = SharedThrottle::builder(&patient(&server), "key", limits, Outage::Closed);
    let throttle = builder
        .concurrency(Fixed::new(1))
        .build()
        .expect("it is valid");
    let first = throttle.acquire(tokens(1)).await.expect("it fits");
    assert_eq!(
        throttle.try_acquire(tokens(1)).await.err(),
        Some(TryAcquireError::Busy)
    );
    let next = waits(&throttle, tokens(1)).await;
    first.succeeded();
    let next = next
        .await
        .expect("it does not panic")
        .expect("the permit is back");
    assert_eq!(throttle.in_flight(), 1);
    drop(next);
    assert_eq!(throttle.in_flight(), 0);
}
