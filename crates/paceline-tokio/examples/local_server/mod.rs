//! A provider on this machine: it enforces limits, answers 429 with `Retry-After`, and counts.
#![allow(dead_code, reason = "each example uses a part of it")]
// Its limits are legal and its locks sound, or the example should stop.
#![allow(clippy::missing_panics_doc, reason = "it is no library")]

use std::{
    convert::Infallible,
    error::Error,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::RETRY_AFTER,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use paceline_composite::{ByDimension, Receipts, Settling};
use paceline_concurrency::{Concurrency, Fixed, Outcome, Ticket};
use paceline_core::{Clock, Demand, Denied, Dimension, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::TokioClock;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

/// What a program may fail with.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A provider that listens on this machine until the program ends.
#[derive(Clone)]
pub(crate) struct LocalServer {
    pub(crate) url: String,
    client: reqwest::Client,
    provider: Arc<Mutex<Provider>>,
    clock: TokioClock,
}

struct Provider {
    limits: ByDimension<Settling<Gcra>>,
    in_flight: Concurrency<Fixed>,
    calls: u64,
    refusals: u64,
}

impl LocalServer {
    /// Starts one with limits a minute, and on calls in flight.
    ///
    /// Like most providers, it lets through only a part of a minute's limit at once: an eighth.
    pub(crate) async fn start(requests: u64, tokens: u64, in_flight: u32) -> Result<Self> {
        let limit = |per_minute: u64| {
            let quota = Quota::per_minute(per_minute).with_burst(per_minute / 8);
            Settling::new(Gcra::new(quota.expect("eight at least")))
        };
        let limits = [
            (Dimension::Requests, limit(requests)),
            (Dimension::Tokens, limit(tokens)),
        ];
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = Self {
            url: format!("http://{}/", listener.local_addr()?),
            client: reqwest::Client::new(),
            provider: Arc::new(Mutex::new(Provider {
                limits: ByDimension::new(limits),
                in_flight: Concurrency::new(Fixed::new(in_flight)),
                calls: 0,
                refusals: 0,
            })),
            clock: TokioClock::new(),
        };
        tokio::spawn(server.clone().listen(listener));
        Ok(server)
    }

    /// Calls so far, refused ones included.
    pub(crate) fn calls(&self) -> u64 {
        self.provider().calls
    }

    /// Calls that were answered 429.
    pub(crate) fn refusals(&self) -> u64 {
        self.provider().refusals
    }

    /// A call that sends so many tokens, and may receive so many, to be sent.
    pub(crate) fn post(
        &self,
        input_tokens: u64,
        max_output_tokens: u64,
    ) -> reqwest::RequestBuilder {
        let (input, most) = (input_tokens, max_output_tokens);
        let body = json!({ "input_tokens": input, "max_output_tokens": most });
        self.client.post(&self.url).json(&body)
    }

    /// Fails if a call was refused, or was not made.
    #[expect(clippy::print_stdout, reason = "an example prints")]
    pub(crate) fn has_refused_none_of(&self, calls: u64) -> Result<()> {
        let seen = (self.calls(), self.refusals());
        if seen != (calls, 0) {
            return Err(format!("{} of {} calls were refused", seen.1, seen.0).into());
        }
        println!("{calls} calls, none refused");
        Ok(())
    }

    fn provider(&self) -> MutexGuard<'_, Provider> {
        self.provider.lock().expect("no panic under the lock")
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let server = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| server.answer(request));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client may go away at any time.
                drop(connection.await);
            });
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
        let body = request.into_body().collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let field = |name| body[name].as_u64().unwrap_or(0);
        let estimate = Demand {
            requests: 1,
            input_tokens: field("input_tokens"),
            output_tokens: field("max_output_tokens"),
        };
        let now = self.clock.now();
        let (call, admitted) = self.provider().admit(now, estimate);
        let (receipts, ticket) = match admitted {
            Ok(admitted) => admitted,
            Err(retry_at) => return Ok(refusal(retry_at.saturating_duration_since(now))),
        };
        // What it generates differs from call to call: the maximum seldom, a third on average.
        let share = [1, 5, 2, 9, 3, 2, 1, 4][usize::try_from(call % 8).unwrap_or(0)];
        let output_tokens = estimate.output_tokens * share / 10;
        sleep(Duration::from_millis(50 + 20 * share)).await;

        let actual = Demand {
            output_tokens,
            ..estimate
        };
        let now = self.clock.now();
        self.provider().finish(now, receipts, ticket, actual);
        let usage = json!({ "input_tokens": actual.input_tokens, "output_tokens": output_tokens });
        let text = json!({ "answer": "42", "usage": usage }).to_string();
        Ok(Response::new(Full::from(text)))
    }
}

impl Provider {
    /// Takes a call, or says when to come back.
    fn admit(
        &mut self,
        now: Timestamp,
        estimate: Demand,
    ) -> (u64, std::result::Result<(Receipts, Ticket), Timestamp>) {
        self.calls += 1;
        let soon = now.saturating_add(Duration::from_millis(100));
        let admitted = match self
            .limits
            .check(now, estimate)
            .map_err(|refused| refused.denied)
        {
            Err(Denied::Until(at)) => Err(at),
            Err(Denied::TooLarge { .. }) => Err(Timestamp::MAX),
            Ok(()) => self.in_flight.try_start(now).map_err(|_| soon),
        };
        let admitted = match admitted {
            Ok(ticket) => Ok((self.limits.charge_estimate(now, estimate), ticket)),
            Err(retry_at) => {
                self.refusals += 1;
                Err(retry_at)
            }
        };
        (self.calls, admitted)
    }

    fn finish(&mut self, now: Timestamp, receipts: Receipts, ticket: Ticket, actual: Demand) {
        self.in_flight.finish(ticket, now, Outcome::Success);
        let settled = self.limits.settle(now, receipts, actual);
        settled.expect("calls take less than ten minutes");
    }
}

/// What a 429 says about when to come back, in seconds.
pub(crate) fn retry_after(response: &reqwest::Response) -> u64 {
    let header = response.headers().get(RETRY_AFTER);
    let text = header.and_then(|header| header.to_str().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A 429 whose hint is in whole seconds, rounded up, as such headers are.
fn refusal(retry_after: Duration) -> Response<Full<Bytes>> {
    let seconds = retry_after.as_millis().div_ceil(1_000);
    let mut response = Response::new(Full::from("slow down"));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let header = seconds.to_string().parse().expect("digits");
    response.headers_mut().insert(RETRY_AFTER, header);
    response
}
