//! The middleware waits before it sends, and a 429 pauses all who share the throttle.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http_body_util::Empty;
use hyper::{Request, Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use paceline_adaptive::LearnedLimits;
use paceline_concurrency::Aimd;
use paceline_core::{Demand, Denied, Dimension, LimitWindow, ManualClock, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{Throttle, ThrottleMiddleware, TryAcquireError};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;

/// Answers each request with the next of these statuses and headers, and then with 200.
///
/// A header without a name is `Retry-After`.
async fn server(answers: impl IntoIterator<Item = (u16, &'static str)>) -> String {
    let answers: VecDeque<_> = answers.into_iter().collect();
    let answers = Arc::new(Mutex::new(answers));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            let service = service_fn(move |_: Request<_>| {
                let next = answers.lock().expect("no panic").pop_front();
                async move {
                    let (status, hint) = next.unwrap_or((200, ""));
                    let mut response = Response::new(Empty::<Bytes>::new());
                    *response.status_mut() = status.try_into().expect("a status");
                    let (name, value) = hint.split_once(": ").unwrap_or(("retry-after", hint));
                    if !value.is_empty() {
                        let value = value.parse().expect("legal");
                        response.headers_mut().insert(name, value);
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    url
}

fn client(throttle: &Throttle<Gcra>) -> ClientWithMiddleware {
    let cost = |request: &reqwest::Request| match request.url().path() {
        "/dear" => 10,
        _ => 1,
    };
    let middleware = ThrottleMiddleware::new(throttle.clone(), cost);
    ClientBuilder::new(reqwest::Client::new())
        .with(middleware)
        .build()
}

/// Time stands still, so that a hint can be told from the pause that it made.
fn standing_still() -> Throttle<Gcra> {
    Throttle::builder(Gcra::new(Quota::UNLIMITED))
        .clock(ManualClock::default())
        .build()
}

/// For how long the gate is closed, in whole seconds; it opens within 100 ms after the hint.
fn closed_for(throttle: &Throttle<Gcra>) -> Option<u64> {
    match throttle.try_acquire(1) {
        Ok(_) => None,
        Err(TryAcquireError::Denied(Denied::Until(at))) => {
            let pause = at.saturating_duration_since(throttle.now());
            Some(pause.as_secs())
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_refusal_with_a_hint_closes_the_gate_for_the_siblings() {
    let url = server([(429, "3000")]).await;
    let throttle = standing_still();
    let (client, sibling) = (client(&throttle), client(&throttle));
    let response = client.get(&url).send().await.expect("it is local");
    assert_eq!(response.status(), 429);
    assert_eq!(closed_for(&throttle), Some(3_000));
    // The sibling is not sent: it takes its place in line.
    let waiting = tokio::spawn(async move { sibling.get(&url).send().await.map(drop) });
    while throttle.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.is_err());
    assert_eq!(throttle.waiting(), 0);
}

#[tokio::test]
async fn a_hint_that_means_nothing_is_none() {
    for hint in ["", "soon", "-5"] {
        let url = server([(429, hint)]).await;
        let throttle = standing_still();
        let response = client(&throttle).get(&url).send().await;
        assert_eq!(response.expect("it is local").status(), 429);
        // A second, without a hint.
        assert_eq!(closed_for(&throttle), Some(1), "{hint:?}");
    }
}

#[tokio::test]
async fn hints_are_read_in_any_dialect_and_from_an_overload_too() {
    for (status, header, pause) in [
        (429, "retry-after-ms: 250000", Some(250)),
        (429, "x-ratelimit-remaining-requests: 0", Some(1)),
        (503, "600", Some(600)),
        (503, "", None),
        (529, "30", Some(30)),
        (400, "600", None),
    ] {
        let url = server([(status, header)]).await;
        let throttle = standing_still();
        let response = client(&throttle).get(&url).send().await;
        assert_eq!(response.expect("it is local").status(), status);
        assert_eq!(closed_for(&throttle), pause, "{status} {header:?}");
    }
}

/// The second word raises a limit, and the client asks for one at a time.
#[tokio::test]
async fn limits_that_learn_hear_of_every_response() {
    let told = "x-ratelimit-limit-req-minute: 300";
    let url = server([(200, told), (200, told)]).await;
    let limits = LearnedLimits::new(Timestamp::EPOCH);
    let limits = limits.with_limit(Dimension::Requests, 2, LimitWindow::MINUTE);
    let throttle = Throttle::builder(limits)
        .clock(ManualClock::default())
        .build();
    let cost = |_: &reqwest::Request| Demand::request(1, 1);
    let middleware = ThrottleMiddleware::new(throttle.clone(), cost);
    let client = ClientBuilder::new(reqwest::Client::new()).with(middleware);
    let client = client.build();
    let known = || {
        let of =
            |limits: &mut LearnedLimits, _| limits.limit(Dimension::Requests, LimitWindow::MINUTE);
        throttle.update(of)
    };
    for expected in [2, 300] {
        let response = client.get(&url).send().await.expect("it is local");
        assert_eq!((response.status().as_u16(), known()), (200, Some(expected)));
    }
}

#[tokio::test]
async fn it_charges_what_a_request_costs_and_refuses_what_never_conforms() {
    let url = server([]).await;
    let quota = Quota::per_day(20).with_burst(12).expect("not zero");
    let throttle = Throttle::new(Gcra::new(quota));
    let client = client(&throttle);
    let response = client.get(format!("{url}dear")).send().await;
    assert_eq!(response.expect("it is local").status(), 200);
    let left = throttle.update(|gcra, now| paceline_core::Limiter::available(gcra, now));
    assert_eq!(left, 2);
    throttle.update(|gcra, now| gcra.set_quota(now, Quota::per_day(5)));
    let refused = client.get(format!("{url}dear")).send().await;
    let refused = refused.expect_err("it never conforms").to_string();
    assert!(refused.contains("cost exceeds the burst of 5"), "{refused}");
}

#[tokio::test]
async fn adaptive_limits_hear_of_overload_and_not_of_bad_requests() {
    // Whether 10 calls are allowed afterwards, or nine tenths of them.
    for (status, allowed) in [
        (200, 10),
        (301, 10),
        (400, 10),
        (404, 10),
        (408, 9),
        (500, 9),
        (503, 9),
    ] {
        let url = server([(status, "")]).await;
        let throttle = Throttle::builder(Gcra::new(Quota::UNLIMITED))
            .concurrency(Aimd::netflix().with_limits(10, 1..=10).expect("legal"))
            .build();
        let response = client(&throttle).get(&url).send().await;
        assert_eq!(response.expect("it is local").status(), status);
        assert_eq!(throttle.in_flight(), 0);
        let held: Vec<_> = std::iter::from_fn(|| throttle.try_acquire(1).ok()).collect();
        assert_eq!(held.len(), allowed, "after {status}");
    }
}
