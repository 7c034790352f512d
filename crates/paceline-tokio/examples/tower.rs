//! A tower service that keeps a server's limits, whatever layers stand above or below it.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use local_server::{LocalServer, Result};
use paceline_composite::{ByDimension, Settling};
use paceline_core::{Demand, Dimension, Quota};
use paceline_gcra::Gcra;
use paceline_tokio::{Answer, Throttle, ThrottleLayer};
use serde_json::Value;
use tower::{ServiceBuilder, ServiceExt, service_fn};

mod local_server;

/// What the service answers: a status, and what the call cost if it was served.
struct Reply {
    status: u16,
    retry_after: Option<Duration>,
    usage: Option<Demand>,
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "an example measures real time")]
async fn main() -> Result<()> {
    let server = LocalServer::start(480, 120_000, 100).await?;
    let limit = |quota| Settling::new(Gcra::new(quota));
    let limits = ByDimension::new([
        (
            Dimension::Requests,
            limit(Quota::per_minute(480).with_burst(48)?),
        ),
        (
            Dimension::Tokens,
            limit(Quota::per_minute(120_000).with_burst(12_000)?),
        ),
    ]);
    let throttle = Throttle::new(limits);

    let provider = server.clone();
    let send = move |estimate: Demand| {
        let call = provider.post(estimate.input_tokens, estimate.output_tokens);
        async move { reply(estimate, call.send().await?).await }
    };
    let cost = |estimate: &Demand| *estimate;
    let answer = |reply: &Reply| match reply.status {
        429 => Answer::Refused {
            retry_after: reply.retry_after,
        },
        500.. => Answer::Failed,
        _ => Answer::Served {
            actual: reply.usage,
        },
    };
    let service = ServiceBuilder::new()
        .layer(ThrottleLayer::new(throttle.clone(), cost, answer))
        .service(service_fn(send));

    let start = Instant::now();
    // A clone of the service per call: they share one limit.
    let calls = (0..60).map(|_| service.clone().oneshot(Demand::request(100, 400)));
    let replies = try_join_all(calls).await?;
    let tokens = replies.iter().filter_map(|reply| reply.usage);
    let tokens: u64 = tokens.map(|used| Dimension::Tokens.cost(used)).sum();
    println!(
        "60 calls in {:.1} s, none refused",
        start.elapsed().as_secs_f64()
    );
    println!("{tokens} tokens used, of 30,000 that were estimated");
    server.has_refused_none_of(60)
}

async fn reply(
    estimate: Demand,
    response: reqwest::Response,
) -> std::result::Result<Reply, reqwest::Error> {
    let status = response.status().as_u16();
    if status != 200 {
        let retry_after = Duration::from_secs(local_server::retry_after(&response));
        return Ok(Reply {
            status,
            retry_after: Some(retry_after),
            usage: None,
        });
    }
    let body: Value = response.json().await?;
    let output_tokens = body["usage"]["output_tokens"].as_u64();
    let usage = output_tokens.map(|output_tokens| Demand {
        output_tokens,
        ..estimate
    });
    Ok(Reply {
        status,
        retry_after: None,
        usage,
    })
}
