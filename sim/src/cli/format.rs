use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use clap::ValueEnum;

use crate::{
    report::{self, Style},
    results::Comparison,
};

/// What to print of a comparison.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// Everything, with time series and latency distributions.
    Json,
    /// A row per strategy and workload.
    Csv,
}

impl Format {
    /// Prints a comparison, and where its files are, if they were written.
    pub(super) fn print(
        self,
        comparison: &Comparison,
        written: Option<&Path>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let printed = match self {
            Self::Table => {
                let style = if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
                {
                    Style::Coloured
                } else {
                    Style::Plain
                };
                report::table(comparison, style).into_bytes()
            }
            Self::Json => report::json(comparison)?,
            Self::Csv => report::csv(comparison)?,
        };
        out.write_all(&printed)?;
        if let (Some(folder), Self::Table) = (written, self) {
            writeln!(out, "\nWrote results and plots to {}", folder.display())?;
        }
        out.flush()?;
        Ok(())
    }
}
