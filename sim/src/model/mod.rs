//! The actors of a simulation: a provider that enforces limits, and clients that meet them.

mod adjust;
mod batch;
mod bounds;
mod cache;
mod client;
mod cost;
pub mod dialect;
mod endings;
mod entry;
mod key;
mod limiters;
mod limits;
mod observe;
mod optimum;
mod permits;
mod provider;
mod requests;
mod retry;
mod routing;
mod run;
mod service;
mod supply;
mod tally;
mod tenants;
mod works;
mod world;

pub use limiters::rates;
pub use limits::told;
pub use observe::{Bound as HeldBy, Cause, End, Happening, Holder, Nobody, Observer};
pub use optimum::{Bound, optimum};
pub use provider::Outcome;
pub use run::{Remaining, Run, run};
pub use tally::{Fate, Tally};
pub use world::check;
