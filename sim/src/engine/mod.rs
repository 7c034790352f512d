//! The discrete-event engine: a pending set of events, and random streams by name.

mod draws;
mod queue;
mod streams;

pub use draws::Draws;
pub use queue::EventQueue;
pub use streams::Streams;
