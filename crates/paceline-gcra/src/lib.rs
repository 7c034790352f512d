//! The generic cell rate algorithm (GCRA), exact to the nanosecond.
//!
//! GCRA keeps one number: the *theoretical arrival time* (TAT), at which a perfectly spaced
//! stream would deliver its next cell. A cell conforms if it is not too early, that is, if the TAT
//! runs ahead of the clock by no more than the burst allows.
//!
//! # Exactness
//!
//! The textbook spaces cells by an *emission interval* `period / limit`. In whole nanoseconds
//! that quotient rounds down, and the limiter then admits more than its quota. [`Gcra`] counts time
//! in units of `1 / limit` nanoseconds, in which one cell lasts exactly `period` units.
//! Admitting takes two multiplications and no division; only a refusal divides, to say when.
//!
//! # Sharing
//!
//! Those units need 128 bits, and atomics have 64. [`AtomicGcra`] counts in sixteenths of a
//! nanosecond, rounds to the strict side, and is shared between threads without a lock; a
//! [`Lease`] takes several cells from it at once and hands them out without touching what is
//! shared. [`WordGcra`] is the arithmetic alone, for whoever keeps the words.
//!
//! Source: ITU-T Recommendation I.371 (virtual scheduling algorithm).

#![no_std]

#[cfg(target_has_atomic = "64")]
mod atomic;
mod gcra;
#[cfg(target_has_atomic = "64")]
mod lease;
mod length;
mod word;

#[cfg(target_has_atomic = "64")]
pub use atomic::AtomicGcra;
pub use gcra::Gcra;
#[cfg(target_has_atomic = "64")]
pub use lease::{Lease, LeaseError};
pub use word::WordGcra;

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
