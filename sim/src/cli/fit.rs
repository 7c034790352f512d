use std::{io::Write, path::PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::output;
use crate::{fit, report};

/// Finds the workload that is likeliest to have made a trace, and prints it as TOML.
#[derive(Args, Debug)]
pub(super) struct Fit {
    /// Recorded requests: CSV (arrival_ms,input_tokens,output_tokens), or as published by Azure,
    /// BurstGPT or Mooncake; also packed by gzip.
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// Writes workload.toml and fit.png, a plot of the trace beside what that workload draws, into this
    /// folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Fit {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        if let Some(folder) = &self.out {
            output::prepare(folder)?;
        }
        let fitted = fit::fit(&self.trace).map_err(|err| anyhow!(err))?;
        if let Some(folder) = &self.out {
            let files = report::fit_files(&fitted).context("drawing the plot")?;
            output::write_all(folder, &files)?;
        }
        out.write_all(fitted.toml.as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
