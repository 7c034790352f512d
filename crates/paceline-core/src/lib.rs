//! The vocabulary that every limiter shares: time, quotas, decisions.
//!
//! A limiter is a plain state machine.
//! It never reads a clock, never sleeps and never locks: each call is handed `now`.
//! The same code therefore decides in production, under a real clock, and in a simulator, under a
//! virtual one.
//!
//! The crate is `no_std`, which is how the compiler keeps that promise for us.
//! It needs an allocator only for the implementation of [`Limiter`] on boxes, and for the lists and
//! names in [`Feedback`].

#![no_std]

extern crate alloc;

mod clock;
mod demand;
mod feedback;
mod limiter;
#[cfg(target_has_atomic = "64")]
mod manual_clock;
mod parts;
mod quota;
mod restore;
mod rng;
mod time;

pub use clock::Clock;
pub use demand::{Demand, Dimension};
pub use feedback::{Class, Feedback, Hint, HintSource, LimitReading, LimitWindow, Metric};
pub use limiter::{Denied, Limiter};
#[cfg(target_has_atomic = "64")]
pub use manual_clock::ManualClock;
pub use quota::{Quota, QuotaError};
pub use restore::Restore;
pub use rng::{Rng, SplitMix64};
pub use time::Timestamp;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
