use std::{
    error, fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use paceline_composite::Admit;
use tower_layer::Layer;
use tower_service::Service;

use crate::{AcquireError, Throttle};

/// A layer that waits for a [`Throttle`] before each call.
///
/// It waits in the future that `call` returns, because what a request costs is known only then;
/// `poll_ready` is that of the inner service. Clones of a service share the throttle. A permit is
/// held until the inner future is done. What was charged stands.
pub struct ThrottleLayer<A: Admit, F> {
    throttle: Throttle<A>,
    cost: Arc<F>,
}

impl<A: Admit, F> ThrottleLayer<A, F> {
    /// Makes a layer from a throttle and what a request costs.
    pub fn new(throttle: Throttle<A>, cost: F) -> Self {
        Self {
            throttle,
            cost: Arc::new(cost),
        }
    }
}

impl<A: Admit, F, S> Layer<S> for ThrottleLayer<A, F> {
    type Service = ThrottleService<A, F, S>;

    fn layer(&self, inner: S) -> Self::Service {
        ThrottleService {
            throttle: self.throttle.clone(),
            cost: Arc::clone(&self.cost),
            inner,
        }
    }
}

impl<A: Admit, F> Clone for ThrottleLayer<A, F> {
    fn clone(&self) -> Self {
        Self {
            throttle: self.throttle.clone(),
            cost: Arc::clone(&self.cost),
        }
    }
}

impl<A: Admit, F> fmt::Debug for ThrottleLayer<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleLayer").finish_non_exhaustive()
    }
}

/// A service that waits for a [`Throttle`] before each call.
pub struct ThrottleService<A: Admit, F, S> {
    throttle: Throttle<A>,
    cost: Arc<F>,
    inner: S,
}

/// What a [`ThrottleService`] returns.
pub type ThrottleFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, ThrottleError<E>>> + Send>>;

impl<A, F, S, R> Service<R> for ThrottleService<A, F, S>
where
    A: Admit + Send + 'static,
    A::Cost: Send,
    A::Receipt: Send,
    F: Fn(&R) -> A::Cost,
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
        let acquire = self.throttle.acquire((self.cost)(&request));
        // The one that is ready is called; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let admitted = acquire.await.map_err(ThrottleError::NotAdmitted)?;
            let answer = inner.call(request).await;
            match answer {
                Ok(response) => {
                    admitted.succeeded();
                    Ok(response)
                }
                Err(error) => Err(ThrottleError::Inner(error)),
            }
        })
    }
}

impl<A: Admit, F, S: Clone> Clone for ThrottleService<A, F, S> {
    fn clone(&self) -> Self {
        Self {
            throttle: self.throttle.clone(),
            cost: Arc::clone(&self.cost),
            inner: self.inner.clone(),
        }
    }
}

impl<A: Admit, F, S: fmt::Debug> fmt::Debug for ThrottleService<A, F, S> {
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
