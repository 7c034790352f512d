//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod adjust;
mod batch;
mod cache;
mod client;
mod cost;
pub mod dialect;
mod endings;
mod entry;
mod key;
mod limiters;
mod limits;
mod optimum;
mod permits;
mod provider;
mod requests;
mod retry;
mod routing;
mod service;
mod supply;
mod tally;
mod tenants;
mod works;
mod world;

pub use optimum::{Bound, optimum};
pub(crate) use service::unit;
pub use tally::{Fate, Tally};
pub use world::{check, run};
