//! When to try again: delays, jitter, server hints, limits and budgets.
//!
//! A [`RetryPolicy`] is a pure decision. It is told what failed, when, and what the server said, and
//! answers [`Decision::Retry`] with a delay or [`Decision::GiveUp`] with the reason. It never sleeps,
//! reads no clock and owns no random source, so one implementation serves blocking code, any async
//! runtime and a simulator.
//!
//! Three rules hold whatever the policy:
//!
//! - A server's hint never bypasses a limit: it counts against attempts, elapsed time and deadline.
//! - No delay of ours exceeds its cap, jitter included, and delays at the cap are still jittered. A
//!   hint comes on top, since asking before it is refused.
//! - A retry that could not begin before the deadline is not waited for.
//!
//! One policy decides about one request. A [`RetryBudget`] is shared by all requests of a client, and
//! keeps retries a small share of the load when everything fails. An [`AdaptiveThrottle`] holds back first
//! calls as well.

#![no_std]

mod adaptive_throttle;
mod breaker;
mod budget;
mod delay;
mod error;
mod grpc_throttle;
mod hint;
mod jitter;
mod policy;
mod presets;
mod ratio_budget;
mod recent;
mod stateless;
mod token_quota;

pub use adaptive_throttle::AdaptiveThrottle;
pub use breaker::RetryBreaker;
pub use budget::RetryBudget;
pub use delay::Delay;
pub use error::BackoffError;
pub use grpc_throttle::GrpcThrottle;
pub use hint::{HintPolicy, HintUse};
pub use jitter::Jitter;
pub use policy::{Decision, Failure, FailureKind, Reason, RetryPolicy};
pub use ratio_budget::RatioBudget;
pub use stateless::StatelessJitter;
pub use token_quota::TokenQuota;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
