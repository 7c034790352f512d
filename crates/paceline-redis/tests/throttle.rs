//! A shared throttle is used as that of one process is, and shares what it should.

use std::{sync::Arc, time::Duration};

use paceline_admission::Priority;
use paceline_concurrency::Fixed;
use paceline_core::{Demand, Denied, Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_redis::{
    AcquireError, LimitError, Outage, Salt, SharedLimit, SharedThrottle, Store, TryAcquireError,
    Window,
};
use paceline_sliding_window::Estimate;

use server::Server;

mod server;

const SECOND: Duration = Duration::from_secs(1);

fn store(server: &Server) -> Store {
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    // Nothing here is about timeouts, and machines that run tests are busy.
    Store::open_with_timeout(&server.url(), salt, Duration::from_secs(5)).expect("it is valid")
}

fn throttle(store: &Store, limits: impl IntoIterator<Item = SharedLimit>) -> SharedThrottle {
    let builder = SharedThrottle::builder(store, "key", limits, Outage::Closed);
    builder
        .hold(Duration::ZERO)
        .build()
        .expect("the limits are valid")
}

fn tokens(input_tokens: u64) -> Demand {
    Demand::request(input_tokens, 0)
}

fn hourly(dimension: Dimension, cells: u64) -> SharedLimit {
    SharedLimit::gcra(dimension, Quota::per_hour(cells))
}

#[tokio::test]
async fn two_processes_share_one_burst() {
    let Some(server) = Server::start() else {
        return;
    };
    // Each with a connection of its own, as two machines have.
    let one = throttle(&store(&server), [hourly(Dimension::Requests, 5)]);
    let other = throttle(&store(&server), [hourly(Dimension::Requests, 5)]);
    for _ in 0..2 {
        one.acquire(tokens(1)).await.expect("it fits").succeeded();
        other.acquire(tokens(1)).await.expect("it fits").succeeded();
    }
    one.acquire(tokens(1)).await.expect("it fits").succeeded();
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
        SharedLimit::quota(Dimension::Requests, 50, Window::utc(CalendarUnit::Month)),
    ];
    let throttle = throttle(&store(&server), limits);
    throttle
        .acquire(tokens(60))
        .await
        .expect("it fits")
        .succeeded();
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
    let throttle = throttle(&store(&server), limits);
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
    throttle
        .acquire(Demand::default())
        .await
        .expect("nothing is asked for")
        .succeeded();
}

#[tokio::test]
async fn limits_beyond_counting_are_refused_when_they_are_stated() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = store(&server);
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
async fn a_denied_request_waits_as_long_as_it_must() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = Quota::per_second(20)
        .with_burst(1)
        .expect("it is above zero");
    let throttle = throttle(
        &store(&server),
        [SharedLimit::gcra(Dimension::Requests, quota)],
    );
    let begin = throttle.now();
    for _ in 0..6 {
        throttle
            .acquire(tokens(1))
            .await
            .expect("it is granted")
            .succeeded();
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
    let quota = Quota::per_second(50)
        .with_burst(1)
        .expect("it is above zero");
    let throttle = throttle(
        &store(&server),
        [SharedLimit::gcra(Dimension::Requests, quota)],
    );
    throttle
        .acquire(tokens(1))
        .await
        .expect("it is granted")
        .succeeded();
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
    let throttle = throttle(&store(&server), [hourly(Dimension::Requests, 1)]);
    throttle
        .acquire(tokens(1))
        .await
        .expect("it fits")
        .succeeded();
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
    let builder = SharedThrottle::builder(&store(&server), "key", limits, Outage::Closed);
    let throttle = builder.max_waiting(1).build().expect("it is valid");
    throttle
        .acquire(tokens(1))
        .await
        .expect("it fits")
        .succeeded();
    let waits = tokio::spawn(throttle.acquire(tokens(1)).into_future());
    while throttle.waiting() == 0 {
        tokio::task::yield_now().await;
    }
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
        SharedLimit::quota(Dimension::Tokens, 100, Window::utc(CalendarUnit::Month)),
    ];
    let throttle = throttle(&store(&server), limits);
    let first = throttle.acquire(tokens(100)).await.expect("it fits");
    let next = tokio::spawn(throttle.acquire(tokens(70)).into_future());
    while throttle.waiting() == 0 {
        tokio::task::yield_now().await;
    }
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
    throttle
        .acquire(tokens(70))
        .await
        .expect("it fits")
        .succeeded();
    assert!(throttle.try_acquire(tokens(1)).await.is_err());
}

#[tokio::test]
async fn what_costs_more_than_was_charged_is_charged() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [hourly(Dimension::Tokens, 100)];
    let throttle = throttle(&store(&server), limits);
    let admitted = throttle.acquire(tokens(10)).await.expect("it fits");
    admitted.settle(tokens(60)).expect("it is in time");
    assert!(throttle.try_acquire(tokens(50)).await.is_err());
    throttle
        .acquire(tokens(40))
        .await
        .expect("it fits")
        .succeeded();
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    // A quota takes back to the cell.
    let limits = [SharedLimit::quota(
        Dimension::Requests,
        40,
        Window::utc(CalendarUnit::Month),
    )];
    let builder = SharedThrottle::builder(&store(&server), "key", limits, Outage::Closed);
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
    let builder = SharedThrottle::builder(&store(&server), "key", limits, Outage::Closed);
    let throttle = builder
        .concurrency(Fixed::new(1))
        .build()
        .expect("it is valid");
    let first = throttle.acquire(tokens(1)).await.expect("it fits");
    assert_eq!(
        throttle.try_acquire(tokens(1)).await.err(),
        Some(TryAcquireError::Busy)
    );
    let next = tokio::spawn(throttle.acquire(tokens(1)).into_future());
    while throttle.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    first.succeeded();
    let next = next
        .await
        .expect("it does not panic")
        .expect("the permit is back");
    assert_eq!(throttle.in_flight(), 1);
    drop(next);
    assert_eq!(throttle.in_flight(), 0);
}

#[tokio::test]
async fn a_refusal_closes_the_gate_here_and_pauses_the_others() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = || [hourly(Dimension::Requests, 100)];
    let one = throttle(&store(&server), limits());
    let other = throttle(&store(&server), limits());
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

#[tokio::test]
async fn a_limit_that_changes_is_no_gift() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = store(&server);
    let of = |cells| {
        throttle(
            &store,
            [
                hourly(Dimension::Requests, cells),
                SharedLimit::quota(
                    Dimension::Requests,
                    2 * cells,
                    Window::utc(CalendarUnit::Month),
                ),
                SharedLimit::sliding(
                    Dimension::Requests,
                    Quota::per_hour(2 * cells),
                    Estimate::Weighted,
                ),
            ],
        )
    };
    let take = async |throttle: &SharedThrottle| {
        let mut taken = 0;
        while let Ok(admitted) = throttle.try_acquire(tokens(1)).await {
            admitted.succeeded();
            taken += 1;
        }
        taken
    };
    let before = of(100);
    for _ in 0..80 {
        before
            .acquire(tokens(1))
            .await
            .expect("it fits")
            .succeeded();
    }
    // Usage stands above the new limit: nothing is left, and nothing underflows.
    assert_eq!(take(&of(20)).await, 0);
    // Of a burst of 40 no more than the 20 that were left; the quota has none.
    assert_eq!(take(&of(40)).await, 0);
    // Back at 100, what was left still is, to a cell for each change.
    let left = take(&of(100)).await;
    assert!((17..=20).contains(&left), "{left}");
    assert!(take(&of(1_000)).await <= 1);
}

#[tokio::test]
async fn a_rate_that_changes_keeps_what_was_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = store(&server);
    let of = |cells| throttle(&store, [hourly(Dimension::Requests, cells)]);
    let take = async |throttle: SharedThrottle| {
        let mut taken = 0;
        while let Ok(admitted) = throttle.try_acquire(tokens(1)).await {
            admitted.succeeded();
            taken += 1;
        }
        taken
    };
    let before = of(100);
    for _ in 0..94 {
        before
            .acquire(tokens(1))
            .await
            .expect("it fits")
            .succeeded();
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
    let raised = take(of(1_000)).await;
    assert!((2..=3).contains(&raised), "{raised}");
}

#[tokio::test]
async fn keys_have_a_fixed_length_and_an_end_and_hold_no_label() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = [
        hourly(Dimension::Tokens, 100),
        SharedLimit::sliding(
            Dimension::Requests,
            Quota::per_hour(100),
            Estimate::Conservative,
        ),
        SharedLimit::quota(
            Dimension::Requests,
            100,
            Window::opening(Duration::from_secs(60)),
        ),
    ];
    let builder = SharedThrottle::builder(&store(&server), "sk-canary", limits, Outage::Closed);
    let throttle = builder.hold(Duration::ZERO).build().expect("it is valid");
    let admitted = throttle.acquire(tokens(50)).await.expect("it fits");
    admitted.refused(Some(Duration::from_secs(5)));
    let mut keys = server.keys();
    while keys.len() < 4 {
        keys = server.keys();
        tokio::task::yield_now().await;
    }
    for key in keys {
        assert_eq!(key.len(), 47, "{key}");
        assert!(key.starts_with("rl1:{") && !key.contains("canary"), "{key}");
        let ttl = redis::cmd("PTTL")
            .arg(&key)
            .query::<i64>(&mut server.connection());
        let ttl = ttl.expect("the server obeys");
        assert!((1..=86_400_000 + 61_000).contains(&ttl), "{key} {ttl}");
    }
}

#[tokio::test]
async fn no_secret_gets_into_debug_display_or_errors() {
    let salt = Salt::new(b"canary-salt-canary-salt").expect("it is long enough");
    let url = "redis://user:canary-password@127.0.0.1:1/0";
    let store = Store::open(url, salt.clone()).expect("the address is valid");
    let limits = [hourly(Dimension::Requests, 5)];
    let builder = SharedThrottle::builder(&store, "canary-key", limits, Outage::Closed);
    let mut said = format!("{salt:?} {store:?} {builder:?}");
    let throttle = builder.build().expect("it is valid");
    let failed = throttle
        .acquire(tokens(1))
        .await
        .expect_err("nobody listens");
    assert!(matches!(failed, AcquireError::StoreUnavailable(_)));
    said += &format!(
        "{throttle:?} {failed:?} {failed} {:?}",
        throttle.acquire(tokens(1))
    );
    let wrong = Store::open("redis://user:canary-password@:bad:/x", salt).expect_err("it is none");
    said += &format!("{wrong:?} {wrong}");
    assert!(!said.contains("canary"), "{said}");
}
