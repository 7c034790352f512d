//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod client;
mod limiters;
mod optimum;
mod provider;
mod retry;
mod tally;
mod world;

pub use optimum::{Bound, optimum};
pub use retry::check as check_strategy;
pub use tally::Tally;
pub use world::run;
