//! Who waits for a rate limit, in which order, and until when.
//!
//! - [`WaitLine`] is the order: first come, first served, where urgent requests pass patient ones for
//!   a while, but not for ever.
//! - [`Gate`] is one pause for all who share a key: a refusal closes it for everybody, and it opens
//!   one request at a time.
//! - [`Admission`] is all that a request must pass, and the line in front of it: a gate, limits, and
//!   permits.
//!
//! All are state machines that are told the time, so an asynchronous adapter and a simulator can
//! drive the same ones.

#![no_std]

extern crate alloc;

mod admission;
mod gate;
mod grant;
mod line;
mod priority;
mod waiters;

pub use admission::{Admission, Waiter};
pub use gate::{Gate, GateError};
pub use grant::{Grant, Refusal};
pub use line::{Place, WaitLine};
pub use priority::Priority;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
