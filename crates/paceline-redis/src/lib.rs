//! One key, many machines: limits and quotas that processes share through Redis or Valkey.
//!
//! - [`SharedThrottle`] is used as the throttle of `paceline-tokio` is, and decides about all limits of a request by
//!   one script on the server, by the server's clock: all of them are charged, or none.
//! - [`SharedLimit`] is a GCRA, a sliding-window counter, or a quota per window.
//! - [`Outage`] says what holds while the store does not answer. There is no default.
//!
//! # What is promised
//!
//! While the store answers and keeps its data, a GCRA grants at most `burst + limit * t / period` cells in any time
//! `t` of the server's clock, whatever the clients' clocks say and however many processes ask. A sliding counter and
//! a quota are kept as exactly.
//!
//! - *The store is away.* No call waits longer for it than its timeout, and only one per process and 250 ms at all.
//!   A question that was not answered in time counts as spent.
//! - *The store loses its data*, by a restart without persistence or a failover to an empty replica: a GCRA and a
//!   sliding counter grant one burst beyond the limit at most. A quota grants nothing beyond what is left: it holds
//!   for two seconds while processes tell what they know was used. That is the truth as long as whoever was granted
//!   last is alive and reaches the store in that time. A process that dies together with the store takes along what
//!   it was granted since the others last looked, half a second ago at most.
//! - *A replica takes over that lags.* Rates grant at most what it had not heard of. A quota learns of it from the
//!   first process that knows more, within half a second, and holds then; what was granted until then is lost.
//! - *The server's clock jumps* forward: one burst, or another window. Back: limits that replenish go on as if no time had passed,
//!   and windows stay open until they end.
//! - Whoever can write to the store can grant or deny everything. A value that no decision has written is an error, or
//!   is brought into range and counted.

mod acquire;
mod admitted;
mod breaker;
mod builder;
mod charge;
#[cfg(test)]
mod clock_tests;
mod counters;
mod decide;
mod error;
#[cfg(test)]
mod history_tests;
mod lease;
mod limit;
mod line;
mod memory;
#[cfg(test)]
mod model_tests;
mod outage;
mod pause;
mod plan;
mod reply;
mod reporter;
mod scope;
mod seat;
#[cfg(test)]
#[path = "../tests/server/mod.rs"]
mod server;
mod span;
mod store;
mod throttle;
mod window;

pub use acquire::Acquire;
pub use admitted::Admitted;
pub use builder::Builder;
pub use counters::Counts;
pub use error::{AcquireError, StoreUnavailable, TryAcquireError};
pub use limit::{LimitError, SharedLimit};
pub use outage::Outage;
pub use scope::{Salt, SaltError};
pub use store::{AddressError, Store};
pub use throttle::SharedThrottle;
pub use window::Window;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
