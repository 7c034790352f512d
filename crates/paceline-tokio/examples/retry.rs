//! Sixty jobs do not know a server's limits: one gate, one budget, one deadline.
//!
//! The server lets through 30 at once and four a second, and answers 429 otherwise.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use local_server::{LocalServer, Result};
use paceline_admission::Gate;
use paceline_backoff::{Delay, Jitter, RatioBudget, RetryPolicy};
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::{Attempt, Retry, RetryError, Stop, Throttle};
use reqwest::StatusCode;

mod local_server;

const MS: Duration = Duration::from_millis(1);

#[tokio::main]
async fn main() -> Result<()> {
    let server = LocalServer::start(240, 1_000_000, 100).await?;
    // Nothing is known of the limits, so nothing but the gate holds anybody back.
    let gate = Gate::new(7).with_spacing(250 * MS, MS)?;
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .gate(gate)
        .build();
    let delay = Delay::exponential(100 * MS, (2, 1), 2_000 * MS)?;
    let policy = RetryPolicy::new(delay, Jitter::FULL).with_retries(8, 2);
    // Forty retries to begin with, and one more for every ten jobs.
    let budget = RatioBudget::new((1, 10), 0, 50)?.with_initial(40);
    let retry = Retry::new(policy, 7).with_budget(budget).within(6_000 * MS);

    let longest_hint = AtomicU64::new(0);
    let job = || {
        retry.run(&throttle, 1, async || {
            let response = match server.post(10, 10).send().await {
                Ok(response) => response,
                Err(error) => return Attempt::Failed(error.to_string()),
            };
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let seconds = local_server::retry_after(&response);
                longest_hint.fetch_max(seconds, Ordering::Relaxed);
                return Attempt::Throttled {
                    error: "429".to_owned(),
                    retry_after: Some(Duration::from_secs(seconds)),
                };
            }
            Attempt::Done {
                value: (),
                actual: None,
            }
        })
    };
    let answers = join_all((0..60).map(|_| job())).await;

    let (mut done, mut late, mut other) = (0, 0, 0);
    for answer in answers {
        match answer {
            Ok(()) => done += 1,
            Err(RetryError::Failed { stop, .. }) => match stop {
                Stop::NotAdmitted(_) | Stop::Policy(_) => late += 1,
                _ => other += 1,
            },
            Err(_) => late += 1,
        }
    }
    let (calls, refusals) = (server.calls(), server.refusals());
    println!("60 jobs at once: {done} done, {late} too late, {other} out of budget");
    println!("{calls} calls, of which {refusals} were refused");
    assert_eq!(done + late + other, 60);
    assert_eq!(calls, done + refusals, "every call was answered");
    // The first thirty are let through at once, and the others when the gate opens.
    assert!(done >= 30, "{done} jobs are done");
    // Retries are bounded by the budget, whatever the server does.
    assert!(calls <= 60 + 46, "{calls} calls");
    assert!(longest_hint.load(Ordering::Relaxed) >= 1);
    Ok(())
}
