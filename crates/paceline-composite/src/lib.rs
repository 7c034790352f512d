//! Limiters made of limiters.
//!
//! - [`All`] holds several limits on the same cost, such as ten a second *and* three hundred a
//!   minute.
//! - [`ByDimension`] holds limits on different costs of one request: requests, input tokens, output
//!   tokens, tokens.
//! - [`Settling`] takes an estimate now and the truth later, exactly. [`StrictSettling`] does so in
//!   constant time and space and is never too generous; [`OptimisticSettling`] is simpler still, and
//!   may be.
//!
//! All limits are asked before any is charged. Because asking takes `&self`, a refusal cannot have
//! changed anything, and there is no rollback.

#![no_std]

extern crate alloc;

mod admit;
mod all;
mod by_dimension;
mod optimistic;
mod receipt;
mod refused;
mod replay;
mod settle;
mod strict;

pub use admit::Admit;
pub use all::{All, Members};
pub use by_dimension::{ByDimension, Receipts};
pub use optimistic::OptimisticSettling;
pub use receipt::Receipt;
pub use refused::{Binding, Refused};
pub use replay::Settling;
pub use settle::{Settle, SettleError};
pub use strict::StrictSettling;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
