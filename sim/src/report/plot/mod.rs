//! Plots, as SVG for the web and PNG for everything else.
//!
//! Text in a PNG is set in a font that is part of the program, so drawing needs nothing from the
//! system. Text in an SVG is set by whoever shows it.

pub(super) mod canvas;
mod fit;
mod latency;
mod throughput;

pub use canvas::Picture;
pub use fit::fit_plot;
pub use latency::latency_plot;
pub use throughput::throughput_plot;
