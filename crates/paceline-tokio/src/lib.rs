//! Waits for rate limits under tokio.
//!
//! - [`Throttle`] holds limits, permits and a gate, and lets tasks wait for all of them at once, in
//!   order. Dropping a future that waits leaves no trace.
//! - [`Gate`] is one pause for all who share a key, for those who state no limits.
//! - [`Retry`] runs an operation under a throttle, a backoff policy, a budget and a deadline.
//!
//! What decides stands in the crates below, which know neither tokio nor a clock. This one reads the
//! clock, holds the lock, and wakes tasks.
//!
//! # Features
//!
//! None is on by default. `quanta`: a clock that costs less to read. `tower`: a layer.
//! `reqwest-middleware`: a middleware. `tracing`: a span for every wait. `metrics`: counters.

mod acquire;
mod admitted;
mod clock;
mod error;
mod gate;
mod observe;
mod outside;
#[cfg(feature = "reqwest-middleware")]
mod reqwest;
mod retry;
mod state;
#[cfg(feature = "quanta")]
mod system_clock;
mod throttle;
mod timer;
#[cfg(feature = "tower")]
mod tower;
mod within;

pub use acquire::Acquire;
pub use admitted::Admitted;
pub use clock::TokioClock;
pub use error::{AcquireError, TryAcquireError};
pub use gate::Gate;
#[cfg(feature = "reqwest-middleware")]
pub use reqwest::ThrottleMiddleware;
pub use retry::{Attempt, Retry, RetryError, Stop};
#[cfg(feature = "quanta")]
pub use system_clock::SystemClock;
pub use throttle::{Builder, Throttle};
#[cfg(feature = "tower")]
pub use tower::{Answer, ThrottleError, ThrottleFuture, ThrottleLayer, ThrottleService};
pub use within::AcquireWithin;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
