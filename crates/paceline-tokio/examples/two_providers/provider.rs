//! A provider that listens on this machine, enforces limits, and answers in a dialect.

use std::{
    convert::Infallible,
    error::Error,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::HeaderName,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use paceline_core::{Clock, Demand, Timestamp};
use paceline_tokio::TokioClock;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

/// What a program may fail with.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How a provider limits, and how it says so.
pub(crate) trait Dialect: Send {
    /// Takes a request or refuses it.
    fn answer(&mut self, now: Timestamp, demand: Demand) -> Answer;
}

/// The head of a response, and its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

/// A provider, and the client of those who call it.
#[derive(Clone)]
pub(crate) struct Provider {
    url: String,
    client: reqwest::Client,
    clock: TokioClock,
    state: Arc<Mutex<State>>,
}

struct State {
    dialect: Box<dyn Dialect>,
    calls: u64,
    refusals: u64,
}

impl Provider {
    /// Starts one that listens until the program ends.
    pub(crate) async fn start(dialect: impl Dialect + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let provider = Self {
            url: format!("http://{}/", listener.local_addr()?),
            client: reqwest::Client::new(),
            clock: TokioClock::new(),
            state: Arc::new(Mutex::new(State {
                dialect: Box::new(dialect),
                calls: 0,
                refusals: 0,
            })),
        };
        tokio::spawn(provider.clone().listen(listener));
        Ok(provider)
    }

    /// Sends a request, and waits for the head of the response.
    pub(crate) async fn send(&self, demand: Demand) -> Result<reqwest::Response> {
        let (input, most) = (demand.input_tokens, demand.output_tokens);
        let body = json!({ "input_tokens": input, "max_tokens": most });
        Ok(self.client.post(&self.url).json(&body).send().await?)
    }

    /// Calls so far, and how many of them were refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.calls, state.refusals)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic under the lock")
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let provider = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| provider.answer(request));
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
        let demand = Demand::request(field("input_tokens"), field("max_tokens"));
        let (answer, took) = self.state().take(self.clock.now(), demand);
        sleep(took).await;
        let mut response = Response::new(Full::from(answer.body.to_string()));
        *response.status_mut() = answer.status.try_into().expect("a status");
        for (name, value) in answer.headers {
            let value = value.parse().expect("printable");
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

impl State {
    /// The answer, and how long it takes; to refuse takes no time.
    fn take(&mut self, now: Timestamp, demand: Demand) -> (Answer, Duration) {
        let answer = self.dialect.answer(now, demand);
        self.calls += 1;
        if answer.status == 200 {
            return (answer, Duration::from_millis(10 + 10 * (self.calls % 4)));
        }
        self.refusals += 1;
        (answer, Duration::ZERO)
    }
}

/// So many seconds, rounded up, as a hint in whole seconds has to be.
pub(crate) fn whole_seconds(span: Duration) -> u128 {
    span.as_nanos().div_ceil(1_000_000_000)
}
