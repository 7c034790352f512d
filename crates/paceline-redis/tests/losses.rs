//! What holds when the store is damaged, or has lost its data.

use std::time::Duration;

use paceline_core::{Dimension, Quota};
use paceline_redis::{
    AcquireError, Outage, SharedLimit, SharedThrottle, Store, StoreUnavailable, TryAcquireError,
};

use server::Server;
use setup::{ONE, hourly, monthly, patient, rate, share, store, take, until_decided};

mod server;
mod setup;

#[tokio::test]
async fn a_flushed_script_goes_unnoticed() {
    let Some(server) = Server::start() else {
        return;
    };
    let throttle = SharedThrottle::new(
        &patient(&server),
        "key",
        [hourly(Dimension::Requests, 50)],
        Outage::Closed,
    );
    let throttle = throttle.expect("it is valid");
    for _ in 0..20 {
        server.command(&["SCRIPT", "FLUSH"]);
        take(&throttle, ONE).await;
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
            hourly(Dimension::Requests, 50),
            SharedLimit::sliding(
                Dimension::Requests,
                Quota::per_hour(50),
                paceline_sliding_window::Estimate::Weighted,
            ),
            monthly(Dimension::Requests, 50),
        ]
    };
    let build = |outage| {
        let builder = SharedThrottle::builder(&patient(&server), "key", limits(), outage);
        builder.hold(Duration::ZERO).build().expect("it is valid")
    };
    let (closed, alone) = (build(Outage::Closed), build(share(2)));
    take(&closed, ONE).await;
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
    let limits = [rate(100, 10)];
    let throttle = SharedThrottle::new(&patient(&server), "key", limits, Outage::Closed);
    let throttle = throttle.expect("it is valid");
    take(&throttle, ONE).await;
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
            let builder = SharedThrottle::builder(
                &patient(&server),
                "key",
                [monthly(Dimension::Requests, 100)],
                Outage::Closed,
            );
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
                take(throttle, ONE).await;
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
    let throttle = SharedThrottle::new(
        &store(&server.url(), Store::TIMEOUT),
        "key",
        [hourly(Dimension::Requests, 10)],
        Outage::Closed,
    );
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
