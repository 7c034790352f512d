//! A thousand requests through two providers whose limits nobody knows, in four ways.
//!
//! One provider limits requests and tokens that replenish all the time, the other requests in windows of
//! the clock; each says so in a dialect of its own. Fails unless the client that shares what it learns is
//! done with all requests and is refused least.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use anthropic::Anthropic;
use futures_util::{StreamExt, TryStreamExt, stream};
use openai::OpenAi;
use others::RouterAlone;
use paceline_adaptive::LearnedLimits;
use paceline_concurrency::Fixed;
use paceline_core::{Class, Clock, Demand, Denied, Feedback, SplitMix64};
use paceline_router::{NoRoute, Policy, Refusal, Route, Router, Target};
use paceline_tokio::{Throttle, TokioClock};
use provider::{Provider, Result};

mod anthropic;
mod openai;
mod others;
mod provider;

const JOBS: u64 = 1_000;
/// So many jobs run at a time.
const AT_ONCE: usize = 120;
/// After so many calls a job is given up.
const MOST_CALLS: u32 = 40;

/// One throttle for each key, in front of it a router that says which.
struct Client {
    providers: [Provider; 2],
    throttles: [Throttle<LearnedLimits>; 2],
    router: Mutex<(Router, SplitMix64)>,
    clock: TokioClock,
}

impl Client {
    fn new(providers: [Provider; 2]) -> Self {
        let clock = TokioClock::new();
        // Nothing is known yet, so what is in flight is bounded.
        let throttle = || {
            let builder = Throttle::builder(LearnedLimits::new(clock.now()));
            builder.concurrency(Fixed::new(16)).clock(clock).build()
        };
        let router = Router::new(targets(), Policy::Weighted);
        Self {
            providers,
            throttles: [throttle(), throttle()],
            router: Mutex::new((router, SplitMix64::new(7))),
            clock,
        }
    }

    /// Sends a request until it is served; false if it is given up.
    async fn send(&self, demand: Demand) -> Result<bool> {
        for _ in 0..MOST_CALLS {
            let Ok(mut route) = self.choose(demand) else {
                return Ok(false);
            };
            let admitted = self.throttles[route.target].acquire(demand).await?;
            route.sent_at = admitted.at();
            let response = self.providers[route.target].send(demand).await?;
            let feedback = read(response, self.clock).await?;
            // All who wait for this key know of it from here on.
            admitted.observe(&feedback);
            if feedback.class == Class::Ok {
                admitted.succeeded();
                self.with_router(|router, _| router.succeeded(route));
                return Ok(true);
            }
            admitted.failed();
            let now = self.clock.now();
            if let Some(refusal) = Refusal::told_by(&feedback, now) {
                self.with_router(|router, rng| router.refused(now, route, refusal, rng));
            }
        }
        Ok(false)
    }

    /// A provider that would admit the request now; if there is none, the one that does so first.
    fn choose(&self, demand: Demand) -> std::result::Result<Route, NoRoute> {
        let now = self.clock.now();
        let ask = |target: usize| match self.throttles[target].ready_at(demand) {
            Some(at) if at > self.clock.now() => Err(Denied::Until(at)),
            Some(_) => Ok(1),
            None => Err(Denied::TooLarge { max: 0 }),
        };
        self.with_router(|router, rng| {
            router.route(now, demand, rng, ask).or_else(|_| {
                let next = router.earliest(now, ask)?;
                Ok(Route {
                    target: next.target,
                    sent_at: now,
                })
            })
        })
    }

    fn with_router<T>(&self, ask: impl FnOnce(&mut Router, &mut SplitMix64) -> T) -> T {
        let mut held = self.router.lock().unwrap_or_else(PoisonError::into_inner);
        let (router, rng) = &mut *held;
        ask(router, rng)
    }
}

fn targets() -> Vec<Target> {
    Vec::from([
        Target::new("openai", "team", "mock"),
        Target::new("anthropic", "team", "mock"),
    ])
}

/// What a response says about limits, in whichever dialect.
async fn read(response: reqwest::Response, clock: TokioClock) -> Result<Feedback> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await?;
    Ok(paceline_wire::read_http(
        status,
        &headers,
        &body,
        clock.now(),
    ))
}

/// How one strategy fared.
struct Row {
    completed: u64,
    refused: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    println!(
        "{:34} completed  calls  refused  seconds",
        "1,000 requests, 120 at a time"
    );
    let others = [
        run("retry with exponential backoff", async |providers| {
            all(|job, demand| others::backoff(&providers, job, demand)).await
        })
        .await?,
        run("fallback to the other on 429", async |providers| {
            all(|job, demand| others::fallback(&providers, job, demand)).await
        })
        .await?,
        run("router + cooldown", async |providers| {
            let client = RouterAlone::new(providers);
            all(|_, demand| client.send(demand)).await
        })
        .await?,
    ];
    let ours = run("router + gate + wire + learned", async |providers| {
        let client = Client::new(providers);
        all(|_, demand| client.send(demand)).await
    })
    .await?;

    let fewest = others.iter().map(|row| row.refused).min();
    if ours.completed < JOBS || Some(ours.refused) > fewest {
        println!("what was learned did not help");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a strategy on new providers, and prints how it fared.
#[expect(clippy::disallowed_methods, reason = "an example measures real time")]
async fn run(name: &str, strategy: impl AsyncFnOnce([Provider; 2]) -> Result<u64>) -> Result<Row> {
    let providers = [
        Provider::start(OpenAi::per_second(120, 11_000)).await?,
        Provider::start(Anthropic::per_window(180)).await?,
    ];
    let start = Instant::now();
    let completed = strategy(providers.clone()).await?;
    let seconds = start.elapsed().as_secs_f64();
    let (mut calls, mut refused) = (0, 0);
    for provider in providers {
        let (of_it, refused_of_it) = provider.counts();
        calls += of_it;
        refused += refused_of_it;
    }
    println!("{name:34} {completed:9}  {calls:5}  {refused:7}  {seconds:7.1}");
    Ok(Row { completed, refused })
}

/// Runs all jobs, so many at a time; says how many were done.
async fn all<F: Future<Output = Result<bool>>>(job: impl Fn(u64, Demand) -> F) -> Result<u64> {
    let jobs = stream::iter(0..JOBS).map(|n| job(n, Demand::request(20 + 4 * (n % 11), 60)));
    let done = jobs.buffer_unordered(AT_ONCE);
    done.try_fold(0, async |done, served| Ok(done + u64::from(served)))
        .await
}
