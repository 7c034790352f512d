//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod adjust;
mod client;
pub mod dialect;
mod group;
mod limiters;
mod limits;
mod optimum;
mod permits;
mod provider;
mod retry;
mod routing;
mod service;
mod tally;
mod tenants;
mod works;
mod world;

pub use optimum::{Bound, optimum};
pub use tally::{Fate, Tally};
pub use world::{check, run};
