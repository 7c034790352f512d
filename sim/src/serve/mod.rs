//! The provider of a scenario as an HTTP server.
//!
//! Programs call it as they call a real provider, in the form of OpenAI or of Anthropic, and its answers are those
//! of the simulated one: the same model decides, in the same order of events, only that time passes by itself.

mod answer;
mod ask;
mod body;
mod clock;
mod connection;
mod counts;
mod driver;
mod error;
mod events;
mod fault;
mod handle;
mod job;
mod labels;
mod line;
mod record;
mod route;
mod server;
mod stream;
mod words;

pub use counts::Counts;
pub use error::ServeError;
pub use server::{Options, Server};
