//! Nothing that is kept or said gives a key, a label or a password away.

use std::time::Duration;

use paceline_core::{Dimension, Quota};
use paceline_redis::{AcquireError, Outage, Salt, SharedLimit, SharedThrottle, Store, Window};
use paceline_sliding_window::Estimate;

use server::Server;
use setup::{hourly, patient, tokens};

mod server;
mod setup;

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
    let builder = SharedThrottle::builder(&patient(&server), "sk-canary", limits, Outage::Closed);
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
