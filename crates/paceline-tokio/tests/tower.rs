//! The layer asks what a request costs, waits in the call, shares one limit, and heeds answers.

use std::time::Duration;

use paceline_composite::{ByDimension, Settling};
use paceline_concurrency::{Aimd, Fixed};
use paceline_core::{Demand, Dimension, Quota};
use paceline_gcra::Gcra;
use paceline_tokio::{
    AcquireError, Answer, Throttle, ThrottleError, ThrottleLayer, TryAcquireError,
};
use tokio::time::{Instant, sleep};
use tower::{Layer, Service, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn per_second(limit: u64) -> Throttle<Gcra> {
    Throttle::new(Gcra::new(Quota::per_second(limit)))
}

fn length(request: &&'static str) -> u64 {
    u64::try_from(request.len()).expect("short")
}

const fn served<C>(_: &u16) -> Answer<C> {
    Answer::Served { actual: None }
}

async fn ok(_: &str) -> Result<u16, &'static str> {
    Ok(200)
}

#[tokio::test(start_paused = true)]
async fn it_waits_in_the_call_for_what_the_request_costs_and_clones_share_the_limit() {
    let layer = ThrottleLayer::new(per_second(10), length, served);
    let mut service = layer.layer(service_fn(ok));
    let mut clone = service.clone();
    let start = Instant::now();
    assert_eq!(
        service
            .ready()
            .await
            .expect("it is")
            .call("ten cells.")
            .await,
        Ok(200)
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Being ready takes no time, and costs nothing.
    let call = clone.ready().await.expect("it is").call("three");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(call.await, Ok(200));
    let waited = start.elapsed();
    assert!(500 * MS <= waited && waited <= 502 * MS, "{waited:?}");
    // So does another service of the same layer.
    let other = layer.clone().layer(service_fn(ok));
    assert_eq!(other.oneshot("x").await, Ok(200));
    let waited = start.elapsed();
    assert!(600 * MS <= waited && waited <= 602 * MS, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn errors_pass_through_and_say_whether_the_request_was_sent() {
    let layer = ThrottleLayer::new(per_second(10), length, served);
    let service = layer.layer(service_fn(async |_: &'static str| Err::<u16, _>("broken")));
    let refused = service.clone().oneshot("far more than ten cells").await;
    let too_large = AcquireError::TooLarge { max: 10 };
    assert_eq!(refused, Err(ThrottleError::NotAdmitted(too_large)));
    assert_eq!(
        service.oneshot("x").await,
        Err(ThrottleError::Inner("broken"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_response_or_until_the_call_is_dropped() {
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(Fixed::new(1))
        .build();
    let slow = service_fn(async |_: &'static str| {
        sleep(SECOND).await;
        Ok::<u16, &str>(200)
    });
    let service = ThrottleLayer::new(throttle.clone(), length, served).layer(slow);
    let call = tokio::spawn(service.clone().oneshot("x"));
    sleep(SECOND / 2).await;
    assert_eq!(throttle.in_flight(), 1);
    let refused = throttle.try_acquire(1).map(|_| ());
    assert_eq!(refused, Err(TryAcquireError::Busy));
    assert_eq!(call.await.expect("no panic"), Ok(200));
    assert_eq!(throttle.in_flight(), 0);
    let call = tokio::spawn(service.oneshot("x"));
    sleep(SECOND / 2).await;
    assert_eq!(throttle.in_flight(), 1);
    call.abort();
    assert!(call.await.is_err());
    assert_eq!(throttle.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_refuses_closes_the_gate_for_all() {
    let throttle = per_second(100);
    let answer = |status: &u16| match status {
        429 => Answer::Refused {
            retry_after: Some(5 * SECOND),
        },
        _ => Answer::Served { actual: None },
    };
    let layer = ThrottleLayer::new(throttle.clone(), |_: &u16| 1, answer);
    let mut service = layer.layer(service_fn(async |status: u16| Ok::<_, &str>(status)));
    let start = Instant::now();
    let status = service.ready().await.expect("it is").call(429).await;
    assert_eq!((status, start.elapsed()), (Ok(429), Duration::ZERO));
    assert!(throttle.try_acquire(1).is_err());
    let status = service.ready().await.expect("it is").call(200).await;
    assert_eq!(status, Ok(200));
    let waited = start.elapsed();
    assert!(
        5 * SECOND <= waited && waited <= 5 * SECOND + 102 * MS,
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_response_that_tells_the_usage_settles() {
    let tokens = Settling::new(Gcra::new(Quota::per_day(1_000)));
    let throttle = Throttle::new(ByDimension::new([(Dimension::Tokens, tokens)]));
    let answer = |used: &u64| Answer::Served {
        actual: Some(Demand::request(100, *used)),
    };
    let layer = ThrottleLayer::new(throttle.clone(), |estimate: &Demand| *estimate, answer);
    let service = layer.layer(service_fn(async |_: Demand| Ok::<u64, &str>(50)));
    assert_eq!(service.oneshot(Demand::request(100, 800)).await, Ok(50));
    assert!(throttle.try_acquire(Demand::request(850, 0)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn adaptive_limits_hear_of_failures_and_not_of_errors() {
    let policy = Aimd::netflix().with_limits(10, 1..=10).expect("legal");
    let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .concurrency(policy)
        .build();
    let answer = |status: &u16| match status {
        500.. => Answer::Failed,
        _ => Answer::Served { actual: None },
    };
    let layer = ThrottleLayer::new(throttle.clone(), |_: &u16| 1, answer);
    let service = layer.layer(service_fn(async |status: u16| match status {
        0 => Err("broken"),
        _ => Ok(status),
    }));
    let room = || {
        let held: Vec<_> = std::iter::from_fn(|| throttle.try_acquire(1).ok()).collect();
        held.len()
    };
    assert_eq!(room(), 10);
    assert!(service.clone().oneshot(0).await.is_err());
    assert_eq!(room(), 10);
    assert_eq!(service.oneshot(503).await, Ok(503));
    assert_eq!(room(), 9);
}
