//! A network that cuts, loses and hides costs time, and never grants more.

use std::time::Duration;

use paceline_core::Dimension;
use paceline_redis::{Outage, SharedThrottle, Store};

use proxy::{Proxy, Weather};
use server::Server;
use setup::{ONE, hourly, store, until_denied};

mod proxy;
mod server;
mod setup;

#[tokio::test]
async fn bad_weather_grants_no_more_than_fine_weather() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(&server.socket(), server.socket().with_extension("proxy"));
    let store = store(&proxy.url(), Store::TIMEOUT);
    let limits = [hourly(Dimension::Requests, 60)];
    let throttle = SharedThrottle::new(&store, "key", limits, Outage::Closed);
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
    until_denied(&throttle).await;
    let counts = throttle.counts();
    assert!(counts.granted <= 60, "{counts:?}");
    // What was not granted may have been spent by questions without an answer, and by nothing else.
    let unknown = counts.timed_out + counts.failed;
    assert!(unknown > 0 && counts.granted + unknown >= 60, "{counts:?}");
}
