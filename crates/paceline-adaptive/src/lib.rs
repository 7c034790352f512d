//! Rate limits that learn from what a provider answers.
//!
//! - [`CubicRate`] is the adaptive limiter of the AWS SDKs, exact.
//! - [`AimdRate`] finds a rate from refusals alone, for providers that send no headers.
//!
//! All are state machines that are told the time. They compute in integers.

#![no_std]

#[cfg(test)]
extern crate std;

mod aimd;
mod cubic;
mod curve;
mod pace_meter;
mod rate;
#[cfg(test)]
mod vectors;

pub use aimd::{AimdRate, RateError};
pub use cubic::CubicRate;
pub use rate::Rate;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
