use std::fmt;

use async_trait::async_trait;
use http::{Extensions, StatusCode};
use paceline_composite::Admit;
use paceline_core::Class;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::{Admitted, Throttle};

/// A `reqwest` middleware that waits for a [`Throttle`] before each request.
///
/// The headers of every response are read in any dialect of [`paceline_wire`]; the body is left to the
/// caller. Limits that learn are told of them. A 429, or an overload that says when to come back, closes
/// the throttle's gate for all who share it, until the time that it names. A permit is held until the head
/// of the response arrives. What was charged stands. Adaptive permits take note of refusals, of 408, of
/// 5xx, and of requests that got no response.
pub struct ThrottleMiddleware<A: Admit, F> {
    throttle: Throttle<A>,
    cost: F,
}

impl<A: Admit, F> ThrottleMiddleware<A, F> {
    /// Makes a middleware from a throttle and what a request costs.
    pub const fn new(throttle: Throttle<A>, cost: F) -> Self {
        Self { throttle, cost }
    }
}

#[async_trait]
impl<A, F> Middleware for ThrottleMiddleware<A, F>
where
    A: Admit + Send + 'static,
    A::Cost: Send + Sync,
    A::Receipt: Send,
    F: Fn(&Request) -> A::Cost + Send + Sync + 'static,
{
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let acquire = self.throttle.acquire((self.cost)(&request));
        let admitted = acquire.await.map_err(Error::middleware)?;
        let response = next.run(request, extensions).await;
        match &response {
            Ok(response) => self.finish(admitted, response),
            Err(_) => admitted.failed(),
        }
        response
    }
}

impl<A: Admit, F> ThrottleMiddleware<A, F> {
    fn finish(&self, admitted: Admitted<A>, response: &Response) {
        let (status, now) = (response.status(), self.throttle.now());
        let feedback = paceline_wire::read_http(status, response.headers(), b"", now);
        admitted.observe(&feedback);
        let failed = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        match feedback.class {
            Class::Pace | Class::Quota | Class::Overload => admitted.failed(),
            Class::Ok => admitted.succeeded(),
            _ if failed => admitted.failed(),
            // A bad request says nothing about capacity.
            _ => drop(admitted),
        }
    }
}

impl<A: Admit, F> fmt::Debug for ThrottleMiddleware<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleMiddleware").finish_non_exhaustive()
    }
}
