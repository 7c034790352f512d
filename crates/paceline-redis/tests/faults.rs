//! What holds while the store is away, damaged, or has lost its data.

use std::{sync::Arc, time::Duration};

use paceline_core::{Demand, Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_redis::{
    AcquireError, Outage, Salt, SharedLimit, SharedThrottle, Store, StoreUnavailable,
    TryAcquireError, Window,
};

use server::Server;

mod server;

const ONE: Demand = Demand::request(0, 0);

fn store(server: &Server) -> Store {
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    Store::open(&server.url(), salt).expect("it is valid")
}

fn patient(server: &Server) -> Store {
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    let timeout = Duration::from_secs(5);
    Store::open_with_timeout(&server.url(), salt, timeout).expect("it is valid")
}

fn hourly(cells: u64) -> SharedLimit {
    SharedLimit::gcra(Dimension::Requests, Quota::per_hour(cells))
}

fn monthly(cells: u64) -> SharedLimit {
    SharedLimit::quota(Dimension::Requests, cells, Window::utc(CalendarUnit::Month))
}

fn share(processes: u32) -> Outage {
    Outage::LocalShare {
        processes: processes.try_into().expect("it is above zero"),
    }
}

/// Asks until the store decides.
async fn until_decided(throttle: &SharedThrottle) {
    while let Err(TryAcquireError::StoreUnavailable(_)) = throttle.try_acquire(ONE).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_frozen_server_costs_one_timeout_per_probe_and_not_one_per_call() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = store(&server);
    let closed = SharedThrottle::new(&store, "key", [hourly(1_000)], Outage::Closed);
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
    let throttle = SharedThrottle::new(&store(&server), "key", [hourly(5)], Outage::Closed);
    let throttle = throttle.expect("it is valid");
    until_decided(&throttle).await;
    server.signal("STOP");
    let failed = throttle.acquire(ONE).await.expect_err("it is frozen");
    assert_eq!(
        failed,
        AcquireError::StoreUnavailable(StoreUnavailable::TimedOut)
    );
    server.signal("CONT");
    loop {
        match throttle.try_acquire(ONE).await {
            Err(TryAcquireError::Denied(_)) => break,
            Err(TryAcquireError::StoreUnavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => {}
        }
    }
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
    let store = store(&server);
    let open = SharedThrottle::new(&store, "key", [hourly(3)], Outage::Open);
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
    let limits = || [hourly(40), monthly(36)];
    let throttles: Vec<SharedThrottle> = (0..4)
        .map(|_| {
            let store = patient(&server);
            let builder = SharedThrottle::builder(&store, "key", limits(), share(4));
            builder.hold(Duration::ZERO).build().expect("it is valid")
        })
        .collect();
    // The first one uses four of its ten.
    for _ in 0..4 {
        throttles[0]
            .acquire(ONE)
            .await
            .expect("it fits")
            .succeeded();
    }
    for throttle in &throttles[1..] {
        throttle
            .acquire(Demand::default())
            .await
            .expect("it costs nothing")
            .succeeded();
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

#[tokio::test]
async fn a_flushed_script_goes_unnoticed() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = SharedThrottle::new(&patient(&server), "key", [hourly(50)], Outage::Closed);
    let throttle = throttle.expect("it is valid");
    for _ in 0..20 {
        server.command(&["SCRIPT", "FLUSH"]);
        throttle.acquire(ONE).await.expect("it fits").succeeded();
    }
    let counts = throttle.counts();
    assert_eq!(
        (counts.granted, counts.failed, counts.timed_out),
        (20, 0, 0)
    );
}

#[tokio::test]
async fn damaged_values_are_told_and_left_to_the_policy() {
    let Some(server) = Server::start() else {
        return;
    };
    let limits = || {
        [
            hourly(50),
            SharedLimit::sliding(
                Dimension::Requests,
                Quota::per_hour(50),
                paceline_sliding_window::Estimate::Weighted,
            ),
            monthly(50),
        ]
    };
    let build = |outage| {
        let builder = SharedThrottle::builder(&patient(&server), "key", limits(), outage);
        builder.hold(Duration::ZERO).build().expect("it is valid")
    };
    let (closed, alone) = (build(Outage::Closed), build(share(2)));
    closed.acquire(ONE).await.expect("it fits").succeeded();
    let mut keys = server.keys();
    keys.sort();
    assert_eq!(keys.len(), 3);
    let huge = "9".repeat(400);
    let values = [
        "garbage",
        "",
        "g1 1 2",
        "g1 -1 0 0 0 1 1 1 1 ",
        "s1 nan inf 0 0 0",
        &huge,
        "q1 99999999999999999999 0 0 0 0 0 0",
    ];
    let to_a_list = "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')";
    let mut told = 0;
    for key in &keys {
        let texts = values.map(|value| vec!["SET", key, value]);
        let list = vec!["EVAL", to_a_list, "1", key];
        for words in texts.into_iter().chain([list]) {
            server.command(&words);
            let failed = closed.acquire(ONE).await.expect_err("it is damaged");
            let AcquireError::StoreUnavailable(StoreUnavailable::BadValue { limit }) = failed
            else {
                panic!("{failed} after {words:?}");
            };
            assert!((1..=3).contains(&limit));
            told += 1;
            // What is told of quotas in the background meets it as well.
            assert!(closed.counts().bad_values >= told);
            if told == 1 {
                alone
                    .acquire(ONE)
                    .await
                    .expect("its share admits it")
                    .succeeded();
                assert_eq!(alone.counts().admitted_alone, 1);
            }
        }
        server.command(&["DEL", key]);
    }
    // A damaged pause as well.
    closed
        .acquire(ONE)
        .await
        .expect("it fits")
        .refused(Some(Duration::from_millis(1)));
    while server.keys().len() < 4 {
        tokio::task::yield_now().await;
    }
    let pause = server.keys().into_iter().find(|key| !keys.contains(key));
    server.command(&["SET", &pause.expect("there is one"), "x"]);
    let failed = alone.try_acquire(ONE).await;
    assert!(failed.is_ok() || matches!(failed, Err(TryAcquireError::Denied(_))));
    assert!(alone.counts().bad_values >= 2);
}

#[tokio::test]
async fn a_poisoned_value_stalls_no_longer_than_a_burst() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = Quota::per_second(100)
        .with_burst(10)
        .expect("it is above zero");
    let limit = SharedLimit::gcra(Dimension::Requests, quota);
    let throttle = SharedThrottle::new(&patient(&server), "key", [limit], Outage::Closed);
    let throttle = throttle.expect("it is valid");
    throttle.acquire(ONE).await.expect("it fits").succeeded();
    let key = &server.keys()[0];
    // A day ahead, as after a server's clock was set back.
    let redis::Value::BulkString(value) = server.command(&["GET", key]) else {
        panic!()
    };
    let value = String::from_utf8(value).expect("it is text");
    let mut words: Vec<String> = value.split(' ').map(str::to_owned).collect();
    let tat: u64 = words[1].parse().expect("it is a number");
    words[1] = (tat + 86_400_000_000).to_string();
    server.command(&["SET", key, &words.join(" ")]);
    throttle
        .acquire_within(ONE, Duration::from_secs(1))
        .await
        .expect("it is clamped")
        .succeeded();
    assert_eq!(throttle.counts().clock_anomalies, 1);
}

#[tokio::test]
async fn a_quota_survives_a_server_that_forgets() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttles: Vec<SharedThrottle> = (0..3)
        .map(|_| {
            let builder =
                SharedThrottle::builder(&patient(&server), "key", [monthly(100)], Outage::Closed);
            builder
                .hold(Duration::from_secs(1))
                .build()
                .expect("it is valid")
        })
        .collect();
    let mut granted = 0;
    for round in 0..3_u64 {
        for (throttle, times) in throttles.iter().zip([5 + round, 9, 7]) {
            for _ in 0..times {
                throttle
                    .acquire(ONE)
                    .await
                    .expect("it is granted in the end")
                    .succeeded();
                granted += 1;
            }
        }
        server.command(&["FLUSHALL"]);
    }
    // The first one asks; the others, who know of more, do not. They tell all the same.
    let first = &throttles[0];
    loop {
        match first.acquire_within(ONE, Duration::from_secs(5)).await {
            Ok(admitted) => {
                admitted.succeeded();
                granted += 1;
            }
            Err(AcquireError::NotInTime { .. }) => break,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(granted, 100);
    let losses: u64 = throttles
        .iter()
        .map(|throttle| throttle.counts().data_losses)
        .sum();
    assert!(losses >= 3, "{losses}");
}

#[tokio::test]
async fn a_rate_grants_one_burst_more_when_all_is_lost() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let throttle = SharedThrottle::new(&store(&server), "key", [hourly(10)], Outage::Closed);
    let throttle = throttle.expect("it is valid");
    for restart in 1..=3 {
        until_decided(&throttle).await;
        while throttle.try_acquire(ONE).await.is_ok() {}
        assert!(
            throttle.counts().granted <= 10 * restart,
            "{:?}",
            throttle.counts()
        );
        server.kill();
        server.run().expect("it runs again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_of_a_hundred_are_granted_each_time() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&server);
    for round in 0..20 {
        let scope = format!("key {round}");
        let throttle = SharedThrottle::new(&store, &scope, [hourly(5)], Outage::Closed);
        let throttle = Arc::new(throttle.expect("it is valid"));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let throttle = Arc::clone(&throttle);
                tokio::spawn(async move {
                    throttle
                        .acquire_within(ONE, Duration::from_secs(60))
                        .await
                        .is_ok()
                })
            })
            .collect();
        let mut granted = 0;
        for task in tasks {
            granted += u32::from(task.await.expect("it does not panic"));
        }
        assert_eq!(granted, 5);
    }
}
