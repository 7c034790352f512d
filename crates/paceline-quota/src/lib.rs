//! Quotas that last: so much per minute, hour, day or month, and what is left of it.
//!
//! A [`QuotaTracker`] counts usage in a [`Window`]: fixed from first use, rolling, or of the calendar
//! in any time zone (feature `calendar`). It is a [`Limiter`](paceline_core::Limiter) like any other,
//! and beyond that it takes the server's word, tells how fast to go to make the quota last, reports
//! thresholds once per period, and survives a restart by [`Snapshot`] (feature `serde` to write it).
//!
//! [`ProviderQuotas`] tracks the several quotas of one provider together, all or nothing.
//! [`VirtualKeys`] are the limits that a gateway gives to the keys that it hands out.

#![no_std]

extern crate alloc;

#[cfg(feature = "calendar")]
mod calendar;
mod ledger;
mod provider;
mod snapshot;
mod thresholds;
mod tracker;
mod virtual_key;
mod virtual_keys;
mod window;

#[cfg(feature = "calendar")]
pub use calendar::CalendarUnit;
pub use provider::{Exceeded, NamedAlert, ProviderQuotas, UnknownQuota};
pub use snapshot::{RestoreError, Snapshot};
pub use thresholds::{Alert, ThresholdError, Thresholds};
pub use tracker::QuotaTracker;
pub use virtual_key::{KeyDimensionError, KeyInterval, VirtualKey};
pub use virtual_keys::{KeyIsSet, KeyRefused, VirtualKeys};
pub use window::Window;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
