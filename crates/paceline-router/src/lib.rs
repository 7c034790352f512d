//! Which provider, key or model next, and what goes with having several.
//!
//! - A [`Router`] chooses among [`Target`]s by a [`Policy`], and only among those whose limits admit the
//!   request now. Refusals exclude as much as refused, and no more: see [`Scope`].
//! - A [`TierLadder`] knows which limits apply as spending adds up, and [`ToppedUp`] puts bought cells on
//!   top of a limit.
//! - [`OffPeak`] says when deferrable work may run.
//! - [`UsageTracker`] counts requests and tokens by target and day, and reports thresholds once.
//!
//! All are state machines that are told the time. None opens a connection.

#![no_std]

extern crate alloc;

mod cooldown;
mod day;
mod draw;
mod error;
mod growth;
mod off_peak;
mod policy;
mod price;
mod refusal;
mod router;
#[cfg(feature = "serde")]
mod serde_dimension;
mod target;
mod tier;
mod topped_up;
mod usage;
mod watch;

pub use day::{DayOffset, OffsetError};
pub use error::NoRoute;
pub use growth::{Growth, GrowthError};
pub use off_peak::{OffPeak, OffPeakError};
pub use policy::Policy;
pub use price::Price;
pub use refusal::{Refusal, Scope};
pub use router::{Next, Route, Router};
pub use target::Target;
pub use tier::{Tier, TierError, TierLadder, Upgrade};
pub use topped_up::ToppedUp;
pub use usage::{DayUsage, UsageError, UsageTracker};
pub use watch::UsageEvent;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
