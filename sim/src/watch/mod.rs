//! Runs in slow motion: what is shown of them, and how. Nothing here knows a terminal or a clock.

mod draw;
mod help;
mod seen;
mod show;
mod view;

pub use draw::draw;
pub use show::{Command, Show};
pub use view::{Gauge, Lane, View};
