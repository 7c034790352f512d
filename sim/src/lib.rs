//! A discrete-event simulator of clients, limiters and providers that answer 429.
//!
//! It drives the very crates that production uses, in virtual time, and says which client strategy
//! gets the most work through a given provider. The program is called `sim`; this library is what it
//! is made of, and promises no stable interface.

pub mod calibrate;
pub mod cli;
pub mod compare;
pub mod drive;
pub mod engine;
pub mod fit;
pub mod model;
pub mod names;
mod partial;
pub mod report;
pub mod results;
pub mod scenario;
pub mod score;
pub mod serve;
mod shell;
pub mod statistics;
pub mod sweep;
pub mod trace;
pub mod tune;
pub mod validate;
pub mod watch;
pub mod workload;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
