//! Token buckets: a store of cells that requests drain and time refills.
//!
//! [`TokenBucket`] refills continuously, as OpenAI, Anthropic and most gateways describe
//! themselves. [`SteppedBucket`] adds its cells all at once at the end of each interval, as
//! providers do that quantize a rate, "60,000 requests a minute as 1,000 a second".
//!
//! Both are exact: they count in fractions of a cell that divide evenly, so no remainder of a refill
//! is ever dropped, however often they are asked.
//!
//! The crate name is the one place where "token" means a cell. Everywhere else a token is what a
//! language model reads and writes.

#![no_std]

mod continuous;
mod stepped;

pub use continuous::TokenBucket;
pub use stepped::SteppedBucket;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
