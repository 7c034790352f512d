//! Limits on how many calls may be in flight at once, fixed or adaptive.
//!
//! [`Concurrency`] counts the calls in flight and asks a [`Limit`] how many there may be: [`Fixed`]
//! is told, [`Aimd`] learns from drops, [`Gradient2`] from latency. Like every state machine here it
//! is told the time, never locks and never waits.
//!
//! `Permits` is for threads that share a fixed limit and need nothing else; its permits come back
//! when they are dropped. It is there on targets with 64-bit atomics.
//!
//! # What counts
//!
//! Policies learn from finished calls. A sample holds how long the call took and how many were in
//! flight when it *started*, itself included, as in Netflix's concurrency-limits; counted at the end,
//! the last calls of a burst would look as if nothing had been going on.
//!
//! Source: github.com/Netflix/concurrency-limits (`AbstractLimiter`, `AIMDLimit`, `Gradient2Limit`).

#![no_std]

extern crate alloc;

mod aimd;
mod average;
mod bounds;
mod concurrency;
mod error;
mod fixed;
mod gradient2;
mod limit;
#[cfg(target_has_atomic = "64")]
mod permits;

pub use aimd::Aimd;
pub use concurrency::{Concurrency, Full, Outcome, Ticket};
pub use error::LimitError;
pub use fixed::Fixed;
pub use gradient2::Gradient2;
pub use limit::{Limit, Sample};
#[cfg(target_has_atomic = "64")]
pub use permits::{Permit, Permits};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
