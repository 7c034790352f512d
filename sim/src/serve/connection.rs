use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::handle::{Body, Shared};

/// How long the head of a request may take, and how long a connection may be idle, in real time.
const HEAD_WITHIN: Duration = Duration::from_secs(60);

/// Answers whatever comes on one connection.
#[derive(Clone)]
pub(super) struct Calls(pub(super) Arc<Shared>);

impl Service<Request<Incoming>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { Ok(shared.handle(request).await) })
    }
}

pub(super) fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    calls: Calls,
) -> http1::Connection<TokioIo<S>, Calls> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), calls)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        sync::mpsc,
        time::{Instant, timeout},
    };

    use super::*;
    use crate::{
        engine::Streams,
        scenario::Scenario,
        serve::{body::Bodies, clock::Clock, job::Jobs, labels::Labels},
    };

    fn calls() -> Calls {
        let text = "seed = 1\nduration_s = 1\n[workload]\narrivals.batch = { jobs = 1 }
            input_tokens.fixed = 1\noutput_tokens.fixed = 1\n[[strategy]]\nname = 'it'";
        let scenario = Scenario::parse(text, "a scenario of the test").expect("it is legal");
        let (model, _) = mpsc::unbounded_channel();
        Calls(Arc::new(Shared {
            clock: Clock::begin(scenario.start(), 1.0),
            labels: Labels::new().expect("there is randomness"),
            bodies: Bodies::new(),
            jobs: Jobs::new(scenario.workloads[0].clone(), Streams::new(1)),
            name: String::new(),
            model,
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_whole_is_closed() {
        for said in ["", "POST /v1/messages HTTP/1.1\r\nhost: "] {
            let (mut ours, theirs) = duplex(1_024);
            let served = tokio::spawn(serve(theirs, calls()));
            ours.write_all(said.as_bytes()).await.expect("it is open");
            let began = Instant::now();
            let mut heard = Vec::new();
            let closed = timeout(HEAD_WITHIN * 2, ours.read_to_end(&mut heard)).await;
            closed.expect("it is in time").expect("it is closed");
            let passed = began.elapsed();
            assert!(
                passed >= HEAD_WITHIN && passed < HEAD_WITHIN * 2,
                "{passed:?}"
            );
            assert!(served.await.expect("it does not panic").is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_told_so() {
        let (mut ours, theirs) = duplex(1_024);
        let served = tokio::spawn(serve(theirs, calls()));
        let head =
            "POST /v1/messages HTTP/1.1\r\nhost: a\r\nx-api-key: a\r\ncontent-length: 9\r\n\r\n{";
        ours.write_all(head.as_bytes()).await.expect("it is open");
        let mut heard = String::new();
        ours.read_to_string(&mut heard).await.expect("it is closed");
        assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
        drop(served.await);
    }
}
