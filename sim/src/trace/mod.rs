//! One run in full: as a trace for viewers, or the life of a single request in words.

mod counters;
mod events;
mod first_refusal;
mod life;
mod phase;
mod reasons;
mod timeline;
mod told;
mod tracks;
mod write;

pub use first_refusal::first_refused;
pub use life::{Life, write_life};
pub use write::{Extract, TraceFailure, Written, write_trace};
