//! Keeps 500 requests and 200,000 tokens a minute, and 10 in flight; fails if a call is refused.
use local_server::{LocalServer, Result};
use paceline_composite::{ByDimension, Settling};
use paceline_concurrency::Fixed;
use paceline_core::{Demand, Dimension, Quota};
use paceline_tokio::Throttle;
mod local_server;
#[tokio::main]
async fn main() -> Result<()> {
    let server = LocalServer::start(500, 200_000, 10).await?;
    let limit = |quota| Settling::new(paceline_gcra::Gcra::new(quota));
    let requests = limit(Quota::per_minute(500).with_burst(50)?);
    let tokens = limit(Quota::per_minute(200_000).with_burst(20_000)?);
    let both = ByDimension::new([(Dimension::Requests, requests), (Dimension::Tokens, tokens)]);
    let throttle = Throttle::builder(both).concurrency(Fixed::new(10)).build();
    let job = async || -> Result<()> {
        let admitted = throttle.acquire(Demand::request(200, 800)).await?;
        let answer: serde_json::Value = server.post(200, 800).send().await?.json().await?;
        let output_tokens = answer["usage"]["output_tokens"].as_u64().unwrap_or(800);
        Ok(admitted.settle(Demand::request(200, output_tokens))?)
    };
    futures_util::future::try_join_all((0..90).map(|_| job())).await?;
    server.has_refused_none_of(90)
}
