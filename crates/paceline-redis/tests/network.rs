//! A network that cuts, loses and hides costs time, and never grants more.

use std::time::Duration;

use paceline_core::{Demand, Dimension, Quota};
use paceline_redis::{Outage, Salt, SharedLimit, SharedThrottle, Store, TryAcquireError};

use proxy::{Proxy, Weather};
use server::Server;

mod proxy;
mod server;

const ONE: Demand = Demand::request(0, 0);

#[tokio::test]
async fn bad_weather_grants_no_more_than_fine_weather() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(&server.socket(), server.socket().with_extension("proxy"));
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    let store = Store::open(&proxy.url(), salt).expect("it is valid");
    let limit = SharedLimit::gcra(Dimension::Requests, Quota::per_hour(60));
    let throttle = SharedThrottle::new(&store, "key", [limit], Outage::Closed);
    let throttle = throttle.expect("it is valid");
    for weather in [
        Weather::Fine,
        Weather::Cut,
        Weather::Fine,
        Weather::Loses(30),
        Weather::Partitioned,
        Weather::Fine,
    ] {
        proxy.set(weather);
        for _ in 0..8 {
            drop(throttle.try_acquire(ONE).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // It finds its way back, whatever happened before.
    loop {
        match throttle.try_acquire(ONE).await {
            Err(TryAcquireError::Denied(_)) => break,
            Err(TryAcquireError::StoreUnavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => {}
        }
    }
    let counts = throttle.counts();
    assert!(counts.granted <= 60, "{counts:?}");
    // What was not granted may have been spent by questions without an answer, and by nothing else.
    let unknown = counts.timed_out + counts.failed;
    assert!(unknown > 0 && counts.granted + unknown >= 60, "{counts:?}");
}
