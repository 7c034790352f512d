//! Results in, bytes out: tables, data files and plots. Nothing here opens a file.

mod data;
mod explanation;
mod format;
mod plot;
mod scores;
mod table;
pub mod validation;

pub use data::{csv, json};
pub use explanation::explanation;
pub use plot::{Picture, latency_plot, throughput_plot};
pub use scores::scores;
pub use table::{Style, table};

use crate::results::Comparison;

/// A file that a comparison leaves behind.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// All files of a comparison.
///
/// # Errors
///
/// Fails if a plot cannot be drawn or data cannot be written as text.
pub fn files(comparison: &Comparison) -> anyhow::Result<Vec<File>> {
    let file = |name, bytes| File { name, bytes };
    Ok(vec![
        file("results.json", json(comparison)?),
        file("results.csv", csv(comparison)?),
        file("throughput.svg", throughput_plot(comparison, Picture::Svg)?),
        file("throughput.png", throughput_plot(comparison, Picture::Png)?),
        file("latency.svg", latency_plot(comparison, Picture::Svg)?),
        file("latency.png", latency_plot(comparison, Picture::Png)?),
    ])
}
