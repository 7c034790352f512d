//! The laws of [`Limiter`], as property tests that every limiter runs.
//!
//! Each function draws random schedules and panics with a minimal one if a law is broken.
//! `PROPTEST_CASES` sets how many it draws.
//!
//! [`Limiter`]: paceline_core::Limiter

mod equivalence;
mod extremes;
mod laws;
mod quota_change;
mod reference;
mod regimes;
mod restore;
mod schedule;
mod threads;

pub use equivalence::equivalent;
pub use extremes::defined_at_the_extremes;
pub use laws::obeys;
pub use quota_change::quota_change_is_strict;
pub use reference::{Admission, admits_like, fluid, stays_within, window};
pub use regimes::regimes;
pub use restore::restores;
pub use schedule::Schedule;
pub use threads::threads_share_exactly;
