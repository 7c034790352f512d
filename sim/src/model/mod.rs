//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod client;
pub mod dialect;
mod limiters;
mod limits;
mod optimum;
mod permits;
mod provider;
mod retry;
mod routing;
mod supply;
mod tally;
mod works;
mod world;

pub use optimum::{Bound, optimum};
pub use tally::{Fate, Tally};
pub use world::{check, run};
