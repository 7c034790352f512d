//! Sweeps as data files, pictures and a few lines of text.

mod columns;
mod data;
mod heat_map;
mod lines;
mod parquet;
mod summary;

pub use data::{sweep_csv, sweep_json};
pub use parquet::sweep_parquet;
pub use summary::sweep_summary;

use super::{File, Picture};
use crate::sweep::{Figure, Merged};

/// All files of a sweep; pictures only if one or two values are varied.
///
/// # Errors
///
/// Fails if a plot cannot be drawn or data cannot be written.
pub fn sweep_files(sweep: &Merged, shown: Figure) -> anyhow::Result<Vec<File>> {
    let file = |name, bytes| File { name, bytes };
    let mut files = vec![
        file("sweep.csv", sweep_csv(sweep)?),
        file("sweep.json", sweep_json(sweep)?),
        file("sweep.parquet", sweep_parquet(sweep)?),
    ];
    for (name, picture) in [("sweep.png", Picture::Png), ("sweep.svg", Picture::Svg)] {
        match sweep.head.dimensions.len() {
            1 => files.push(file(name, lines::lines(sweep, shown, picture)?)),
            2 => files.push(file(name, heat_map::heat_map(sweep, shown, picture)?)),
            // Nobody reads a picture of more.
            _ => {}
        }
    }
    Ok(files)
}
