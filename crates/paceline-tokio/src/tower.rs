use std::{
    error, fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use paceline_composite::Admit;
use tower_layer::Layer;
use tower_service::Service;

use crate::{AcquireError, Throttle};

/// A layer that waits for a [`Throttle`] before each call.
///
/// It waits in the future that `call` returns, because what a request costs is known only then;
/// `poll_ready` is that of the inner service, so what that reserves is held meanwhile: put layers
/// that bound what is in flight outside of this one. Clones of a service share the throttle. A
/// permit is held until the inner future is done.
///
/// A response may be a refusal, and only the caller can tell: `answer` looks at each. An error of
/// the inner service lets what was charged stand, and says nothing about capacity.
///
/// # Examples
///
/// ```
/// use paceline_core::Quota;
/// use paceline_gcra::Gcra;
/// use paceline_tokio::{Answer, Throttle, ThrottleLayer};
/// use tower::{Layer, Service, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let throttle = Throttle::new(Gcra::new(Quota::per_minute(1_000)));
/// let cost = |request: &String| request.len() as u64;
/// let answer = |status: &u16| match status {
///     429 => Answer::Refused { retry_after: None },
///     500.. => Answer::Failed,
///     _ => Answer::Served { actual: None },
/// };
/// let layer = ThrottleLayer::new(throttle, cost, answer);
/// let mut service = layer.layer(service_fn(async |_: String| Ok::<u16, std::io::Error>(200)));
/// assert_eq!(service.ready().await?.call("hello".into()).await?, 200);
/// # Ok(())
/// # }
/// ```
pub struct ThrottleLayer<A: Admit, F, G> {
    throttle: Throttle<A>,
    judge: Arc<Judge<F, G>>,
}

/// What requests cost, and what responses mean.
struct Judge<F, G> {
    cost: F,
    answer: G,
}

/// What a response means to the limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer<C> {
    /// It was served.
    Served {
        /// What it really cost, if that is known; else what was charged stands.
        actual: Option<C>,
    },
    /// The server asked for a slower pace, as by a 429: closes the gate for all who share the
    /// throttle. What was charged stands.
    Refused {
        /// The server's hint, counted from now.
        retry_after: Option<Duration>,
    },
    /// It failed for want of capacity, as by a 503: adaptive limits take note.
    Failed,
}

impl<A: Admit, F, G> ThrottleLayer<A, F, G> {
    /// Makes a layer from a throttle, what a request costs, and what a response means.
    pub fn new(throttle: Throttle<A>, cost: F, answer: G) -> Self {
        Self {
            throttle,
            judge: Arc::new(Judge { cost, answer }),
        }
    }
}

impl<A: Admit, F, G, S> Layer<S> for ThrottleLayer<A, F, G> {
    type Service = ThrottleService<A, F, G, S>;

    fn layer(&self, inner: S) -> Self::Service {
        ThrottleService {
            throttle: self.throttle.clone(),
            judge: Arc::clone(&self.judge),
            inner,
        }
    }
}

impl<A: Admit, F, G> Clone for ThrottleLayer<A, F, G> {
    fn clone(&self) -> Self {
        Self {
            throttle: self.throttle.clone(),
            judge: Arc::clone(&self.judge),
        }
    }
}

impl<A: Admit, F, G> fmt::Debug for ThrottleLayer<A, F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleLayer").finish_non_exhaustive()
    }
}

/// A service that waits for a [`Throttle`] before each call.
pub struct ThrottleService<A: Admit, F, G, S> {
    throttle: Throttle<A>,
    judge: Arc<Judge<F, G>>,
    inner: S,
}

/// What a [`ThrottleService`] returns.
pub type ThrottleFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, ThrottleError<E>>> + Send>>;

impl<A, F, G, S, R> Service<R> for ThrottleService<A, F, G, S>
where
    A: Admit + Send + 'static,
    A::Cost: Send,
    A::Receipt: Send,
    F: Fn(&R) -> A::Cost + Send + Sync + 'static,
    G: Fn(&S::Response) -> Answer<A::Cost> + Send + Sync + 'static,
    S: Service<R> + Clone + Send + 'static,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = ThrottleError<S::Error>;
    type Future = ThrottleFuture<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(ThrottleError::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let acquire = self.throttle.acquire((self.judge.cost)(&request));
        let judge = Arc::clone(&self.judge);
        // The one that is ready is called; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let admitted = acquire.await.map_err(ThrottleError::NotAdmitted)?;
            let response = inner.call(request).await.map_err(ThrottleError::Inner)?;
            match (judge.answer)(&response) {
                // Too late to settle: what was charged stands, and the response is still good.
                Answer::Served {
                    actual: Some(actual),
                } => drop(admitted.settle(actual)),
                Answer::Served { actual: None } => admitted.succeeded(),
                Answer::Refused { retry_after } => admitted.refused(retry_after),
                Answer::Failed => admitted.failed(),
            }
            Ok(response)
        })
    }
}

impl<A: Admit, F, G, S: Clone> Clone for ThrottleService<A, F, G, S> {
    fn clone(&self) -> Self {
        Self {
            throttle: self.throttle.clone(),
            judge: Arc::clone(&self.judge),
            inner: self.inner.clone(),
        }
    }
}

impl<A: Admit, F, G, S: fmt::Debug> fmt::Debug for ThrottleService<A, F, G, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ThrottleService");
        debug.field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// Why a throttled call failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ThrottleError<E> {
    /// It was not admitted, and not sent.
    NotAdmitted(AcquireError),
    /// The inner service failed.
    Inner(E),
}

impl<E: fmt::Display> fmt::Display for ThrottleError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAdmitted(error) => write!(f, "not admitted: {error}"),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: error::Error + 'static> error::Error for ThrottleError<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::NotAdmitted(error) => Some(error),
            Self::Inner(error) => Some(error),
        }
    }
}
