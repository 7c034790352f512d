//! Rate limits that learn from what a provider answers.
//!
//! - [`CubicRate`] is the adaptive limiter of the AWS SDKs, exact.
//! - [`AimdRate`] finds a rate from refusals alone, for providers that send no headers.
//! - [`LearnedLimits`] is a set of limits by dimension that live responses correct, from stated limits or
//!   from nothing.
//! - An [`Estimator`] says how many tokens an input is; [`BytesPerToken`] guesses from its bytes and learns
//!   from real usage. [`ChargeRule`] turns tokens into what a provider charges.
//!
//! All are state machines that are told the time. They compute in integers.
//!
//! # Features
//!
//! None is on by default. `bpe-openai`: `ExactTokens`, which counts tokens exactly, and needs std.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod admit;
mod aimd;
mod charge_rule;
mod cubic;
mod curve;
mod estimate;
#[cfg(feature = "bpe-openai")]
mod exact_tokens;
mod held;
mod in_flight;
mod learned;
mod learned_limit;
mod observe;
mod output_lengths;
mod own;
mod pace_meter;
mod rate;
mod unannounced;
#[cfg(test)]
mod vectors;
mod window;

pub use aimd::{AimdRate, RateError};
pub use charge_rule::ChargeRule;
pub use cubic::CubicRate;
pub use estimate::{BytesPerToken, Estimator};
#[cfg(feature = "bpe-openai")]
pub use exact_tokens::ExactTokens;
pub use held::{Held, LongWait};
pub use learned::{LearnedLimits, LearnedReceipts};
pub use output_lengths::OutputLengths;
pub use rate::Rate;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
