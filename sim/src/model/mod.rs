//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod adjust;
mod answer;
mod batch;
mod cache;
mod calls;
mod client;
mod cost;
mod course;
pub mod dialect;
mod endings;
mod entry;
mod hearing;
mod key;
mod limiters;
mod limits;
mod optimum;
mod permits;
mod provider;
mod requests;
mod retry;
mod routing;
mod server;
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
