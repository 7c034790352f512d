//! Sliding windows: at most so many cells in the last period.
//!
//! [`SlidingLog`] is exact and remembers every charge of the last period. [`SlidingCounter`]
//! remembers two numbers and approximates, either as most servers do, which can admit nearly twice
//! the limit, or strictly, which never exceeds it.
//!
//! Windows are half open, `(now - period, now]`: a cell leaves exactly one period after it came. The
//! burst of a [`Quota`](paceline_core::Quota) plays no part; a window admits its whole limit at once.

#![no_std]

extern crate alloc;

mod counter;
mod log;

pub use counter::{Estimate, SlidingCounter};
pub use log::SlidingLog;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
