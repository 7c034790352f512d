use std::{fmt, time::Duration};

use async_trait::async_trait;
use http::{Extensions, StatusCode, header::RETRY_AFTER};
use paceline_composite::Admit;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::Throttle;

/// A `reqwest` middleware that waits for a [`Throttle`] before each request.
///
/// A 429 closes the throttle's gate for all who share it, until the time that `Retry-After` names in
/// seconds. A permit is held until the head of the response arrives. What was charged stands.
/// Adaptive limits take note of 408, of 5xx, and of requests that got no response.
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
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                admitted.refused(retry_after(response));
            }
            Ok(response) if lacks_capacity(response.status()) => admitted.failed(),
            // A bad request says nothing about capacity.
            Ok(response) if response.status().is_client_error() => drop(admitted),
            Ok(_) => admitted.succeeded(),
            Err(_) => admitted.failed(),
        }
        response
    }
}

fn lacks_capacity(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}

/// The header's whole seconds; a date, or nonsense, is no hint.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

impl<A: Admit, F> fmt::Debug for ThrottleMiddleware<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleMiddleware").finish_non_exhaustive()
    }
}
