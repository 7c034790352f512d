//! Published limits of LLM providers, each with its source and its date.
//!
//! A [`ProviderPreset`] says what a provider limits, by which algorithm, and which tokens it charges.
//! [`find`] gives one that ships by its name, [`all`] gives all of them, and
//! [`ProviderPreset::read`] reads one that you wrote: limits change without notice, so copy the
//! [`text`] of a preset and correct it.
//!
//! Nothing here limits anything. Start `paceline-adaptive`'s `LearnedLimits` from a preset, and it is
//! corrected by live responses; or make exact limiters from it.

mod format;
mod limit;
mod preset;
mod shipped;

pub use limit::{Enforcement, PresetLimit, RateLimit};
pub use preset::{Charge, ProviderPreset, ReadError};
pub use shipped::{TEXTS, UnknownPreset, all, find, text};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
