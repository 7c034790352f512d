//! The workload of a scenario, sent by one of its strategies over real HTTP.
//!
//! The crates that wait in production wait here: a throttle per client holds the limits, the gate, the permits
//! and the line that the simulator's client has, and what answers say is read off the wire. Requests, their
//! sizes, the users' patience and all jitter are drawn from the streams of a simulated run, so that both
//! meet the same.

mod client;
mod clock;
mod course;
mod http;
mod record;
mod run;
mod supported;
mod target;
mod trouble;

pub use clock::FastClock;
pub use run::{Drive, Driven, drive};
pub use supported::check;
pub use target::{Key, Target};
