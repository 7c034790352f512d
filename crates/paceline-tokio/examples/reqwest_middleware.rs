//! A `reqwest` client that keeps a limit, and pauses for all its users when it is refused.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use local_server::{LocalServer, Result};
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::{Throttle, ThrottleMiddleware};
use reqwest::{Request, StatusCode};
use reqwest_middleware::ClientBuilder;
use serde_json::json;

mod local_server;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "an example measures real time")]
async fn main() -> Result<()> {
    let server = LocalServer::start(480, 1_000_000, 100).await?;
    let throttle = Throttle::new(Gcra::new(Quota::per_minute(480).with_burst(40)?));
    let client = |throttle: &Throttle<Gcra>| {
        let middleware = ThrottleMiddleware::new(throttle.clone(), |_: &Request| 1);
        let builder = ClientBuilder::new(reqwest::Client::new());
        builder.with(middleware).build()
    };
    let job = json!({ "input_tokens": 10, "max_output_tokens": 10 }).to_string();

    let polite = client(&throttle);
    let start = Instant::now();
    let calls = (0..60).map(|_| polite.post(&server.url).body(job.clone()).send());
    let statuses = try_join_all(calls).await?;
    assert!(
        statuses
            .iter()
            .all(|response| response.status() == StatusCode::OK)
    );
    println!(
        "60 calls at a known limit: {:.1} s, none refused",
        start.elapsed().as_secs_f64()
    );
    server.has_refused_none_of(60)?;

    // Another program with the same key takes all there is, and ours is told by a 429.
    try_join_all((0..100).map(|_| server.post(10, 10).send())).await?;
    let start = Instant::now();
    let calls = (0..8).map(|_| polite.post(&server.url).body(job.clone()).send());
    let refused = |response: &reqwest::Response| response.status() == StatusCode::TOO_MANY_REQUESTS;
    let told = try_join_all(calls)
        .await?
        .iter()
        .filter(|response| refused(response))
        .count();
    assert!(told >= 1, "the server has nothing left");
    let sibling = polite.post(&server.url).body(job).send().await?;
    let waited = start.elapsed();
    println!(
        "{told} of 8 calls refused; the next one waited until {waited:.1?}: {}",
        sibling.status()
    );
    assert!(
        waited >= Duration::from_secs(1),
        "the hint is a second at least"
    );
    assert!(!refused(&sibling));
    Ok(())
}
