use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;

use super::output;
use crate::{
    report,
    sweep::{self, Figure},
};

/// Puts the shards of a sweep together.
#[derive(Args, Debug)]
pub(super) struct Merge {
    /// The files `points-I-of-N.jsonl` of all shards.
    #[arg(value_name = "FILE", required = true)]
    journals: Vec<PathBuf>,
    /// Where the results are written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to draw, and to name the best point by.
    #[arg(long, value_name = "FIGURE", default_value = "goodput")]
    figure: Figure,
}

impl Merge {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        output::prepare(&self.out)?;
        write(&self.journals, &self.out, self.figure, out)
    }
}

/// Writes the results of a whole sweep.
pub(super) fn write(
    journals: &[PathBuf],
    folder: &Path,
    figure: Figure,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let merged = sweep::merge(journals)?;
    let files = report::sweep_files(&merged, figure).context("drawing the plots")?;
    output::write_all(folder, &files)?;
    out.write_all(report::sweep_summary(&merged, figure).as_bytes())?;
    writeln!(out, "Wrote results to {}", folder.display())?;
    out.flush()?;
    Ok(())
}
