//! Results in, bytes out: tables, data files, plots and a page. Nothing here opens a file.

pub mod calibration;
mod data;
mod explanation;
pub(crate) mod format;
mod grid;
mod html;
mod plot;
mod reference;
mod scores;
mod sweep;
mod table;
mod told;
mod tuning;
pub mod validation;
mod verdicts;

pub use data::{csv, json};
pub use explanation::explanation;
pub use html::{Origin, html};
pub use plot::{Picture, fit_plot, latency_plot, throughput_plot};
pub use reference::{pretty, reference};
pub use scores::scores;
pub use sweep::{sweep_csv, sweep_files, sweep_json, sweep_parquet, sweep_summary};
pub use table::{Style, table};
pub use tuning::{tuning, tuning_csv, tuning_json};

use crate::{fit::Fitted, results::Comparison};

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
pub fn files(comparison: &Comparison, origin: &Origin) -> anyhow::Result<Vec<File>> {
    let file = |name, bytes| File { name, bytes };
    Ok(vec![
        file("results.json", json(comparison)?),
        file("results.csv", csv(comparison)?),
        file("throughput.svg", throughput_plot(comparison, Picture::Svg)?),
        file("throughput.png", throughput_plot(comparison, Picture::Png)?),
        file("latency.svg", latency_plot(comparison, Picture::Svg)?),
        file("latency.png", latency_plot(comparison, Picture::Png)?),
        file("report.html", html(comparison, origin)?),
    ])
}

/// The files of a workload that was fitted to a trace.
///
/// # Errors
///
/// Fails if the plot cannot be drawn.
pub fn fit_files(fitted: &Fitted) -> anyhow::Result<Vec<File>> {
    let file = |name, bytes| File { name, bytes };
    Ok(vec![
        file("workload.toml", fitted.toml.clone().into_bytes()),
        file("fit.png", fit_plot(&fitted.goodness, Picture::Png)?),
    ])
}
