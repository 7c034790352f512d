use std::io::Write;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::{
    report,
    validate::{Effort, Family, Verdict, validate},
};

/// Compares the simulator with numbers that are known in advance, and fails if one disagrees.
#[derive(Args, Debug)]
pub(super) struct Validate {
    /// Runs these families alone.
    #[arg(long, value_name = "FAMILY", value_delimiter = ',')]
    only: Vec<Family>,
    /// Takes the mean of so many independent runs.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    runs: u32,
    /// Seeds all luck.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs what nothing here can judge too: all 95 cells of the experiment of 2015.
    #[arg(long)]
    full: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Markdown,
    Csv,
    Json,
}

impl Validate {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let effort = Effort {
            runs: self.runs,
            seed: self.seed,
            full: self.full,
        };
        let wanted = |family: &Family| self.only.is_empty() || self.only.contains(family);
        let mut rows = Vec::new();
        for family in Family::ALL.into_iter().filter(wanted) {
            rows.extend(validate(family, effort));
        }
        let printed = match self.format {
            Format::Table => report::validation::table(&rows).into_bytes(),
            Format::Markdown => report::validation::markdown(&rows).into_bytes(),
            Format::Csv => report::validation::csv(&rows)?,
            Format::Json => report::validation::json(&rows)?,
        };
        out.write_all(&printed)?;
        out.flush()?;
        let wrong = rows
            .iter()
            .filter(|row| row.verdict() == Verdict::Disagrees);
        match wrong.count() {
            0 => Ok(()),
            1 => bail!("1 of {} numbers disagrees", rows.len()),
            wrong => bail!("{wrong} of {} numbers disagree", rows.len()),
        }
    }
}
