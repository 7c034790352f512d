//! Limits are counted exactly or refused, and keep what was used of them when they change.

use std::time::Duration;

use paceline_core::{Demand, Dimension, Quota};
use paceline_redis::{LimitError, Outage, SharedLimit, SharedThrottle};
use paceline_sliding_window::Estimate;

use server::Server;
use setup::{hourly, monthly, patient, take, take_all, throttle, tokens};

mod server;
mod setup;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn limits_beyond_counting_are_refused_when_they_are_stated() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    let make = |limits: Vec<SharedLimit>| {
        SharedThrottle::new(&store, "key", limits, Outage::Open).map(drop)
    };
    let century = Duration::from_secs(100 * 366 * 86_400);
    let slow = Quota::new(1, century).expect("it is valid");
    let nanosecond = Quota::new(1, Duration::from_nanos(1)).expect("it is valid");
    let gcra = |quota| SharedLimit::gcra(Dimension::Requests, quota);
    let sliding = |quota| SharedLimit::sliding(Dimension::Requests, quota, Estimate::Weighted);
    assert_eq!(make(vec![gcra(slow)]), Err(LimitError::BeyondCounting));
    assert_eq!(
        make(vec![gcra(Quota::per_second(u64::MAX))]),
        Err(LimitError::BeyondCounting)
    );
    assert_eq!(make(vec![gcra(nanosecond)]), Ok(()));
    assert_eq!(make(vec![sliding(nanosecond)]), Err(LimitError::Period));
    assert_eq!(make(vec![sliding(slow)]), Err(LimitError::Period));
    let minute = gcra(Quota::per_minute(5));
    assert_eq!(
        make(vec![minute.clone(), gcra(Quota::per_minute(9))]),
        Err(LimitError::Twice)
    );
    assert_eq!(
        make(vec![
            minute,
            gcra(Quota::per_hour(9)),
            gcra(Quota::UNLIMITED)
        ]),
        Ok(())
    );
}

#[tokio::test]
async fn a_limit_that_changes_is_no_gift() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    let of = |cells| {
        throttle(
            &store,
            [
                hourly(Dimension::Requests, cells),
                monthly(Dimension::Requests, 2 * cells),
                SharedLimit::sliding(
                    Dimension::Requests,
                    Quota::per_hour(2 * cells),
                    Estimate::Weighted,
                ),
            ],
        )
    };
    let before = of(100);
    for _ in 0..80 {
        take(&before, tokens(1)).await;
    }
    // Usage stands above the new limit: nothing is left, and nothing underflows.
    assert_eq!(take_all(&of(20), tokens(1)).await, 0);
    // Of a burst of 40 no more than the 20 that were left; the quota has none.
    assert_eq!(take_all(&of(40), tokens(1)).await, 0);
    // Back at 100, what was left still is, to a cell for each change.
    let left = take_all(&of(100), tokens(1)).await;
    assert!((17..=20).contains(&left), "{left}");
    assert!(take_all(&of(1_000), tokens(1)).await <= 1);
}

#[tokio::test]
async fn a_rate_that_changes_keeps_what_was_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    let of = |cells| throttle(&store, [hourly(Dimension::Requests, cells)]);
    let before = of(100);
    for _ in 0..94 {
        take(&before, tokens(1)).await;
    }
    // Six are left, whatever share of the burst that is; a change rounds to the strict side.
    let lowered = of(20);
    lowered
        .acquire_within(tokens(3), SECOND)
        .await
        .expect("six are left")
        .succeeded();
    lowered
        .acquire_within(
            Demand {
                requests: 2,
                ..Demand::default()
            },
            SECOND,
        )
        .await
        .expect("five are left")
        .succeeded();
    let raised = take_all(&of(1_000), tokens(1)).await;
    assert!((2..=3).contains(&raised), "{raised}");
}
