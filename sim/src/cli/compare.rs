use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::{
    compare,
    report::{self, Style},
    results::Comparison,
    scenario::{Override, Scenario},
    workload,
};

/// Runs every strategy of a scenario on the same arrivals and compares them.
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// The scenario to run, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Overrides the seed of the scenario.
    #[arg(long)]
    seed: Option<u64>,
    /// Averages this many independent runs.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: u32,
    /// Replays the arrivals of this CSV file (arrival_ms,input_tokens,output_tokens) instead.
    #[arg(long, value_name = "CSV")]
    trace: Option<PathBuf>,
    /// Changes a value of the scenario, such as `duration_s=600` or `strategy.0.concurrency=4`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
    /// Writes results.json, results.csv and the plots into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Uses this many threads; all cores, if absent. The results are the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl Compare {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.scenario()?;
        for trace in scenario.traces() {
            workload::check_trace(trace)?;
        }
        for trace in scenario.session_traces() {
            workload::read_sessions(trace)?;
        }
        if let Some(folder) = &self.out {
            // A folder that cannot be written to should not cost the run.
            output::prepare(folder)?;
        }
        let comparison = self.simulate(&scenario)?;
        if let Some(folder) = &self.out {
            let files = report::files(&comparison).context("drawing the plots")?;
            output::write_all(folder, &files)?;
        }
        let printed = match self.format {
            Format::Table => {
                let style = if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
                {
                    Style::Coloured
                } else {
                    Style::Plain
                };
                report::table(&comparison, style).into_bytes()
            }
            Format::Json => report::json(&comparison)?,
            Format::Csv => report::csv(&comparison)?,
        };
        out.write_all(&printed)?;
        if let (Some(folder), Format::Table) = (&self.out, self.format) {
            writeln!(out, "\nWrote results and plots to {}", folder.display())?;
        }
        out.flush()?;
        Ok(())
    }

    fn scenario(&self) -> anyhow::Result<Scenario> {
        let mut scenario = Scenario::read(&self.scenario, &self.overrides)?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        if let Some(path) = &self.trace {
            scenario.replay(path.clone());
        }
        Ok(scenario)
    }

    fn simulate(&self, scenario: &Scenario) -> anyhow::Result<Comparison> {
        let threads = self.threads.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let runs = u64::from(self.replications) * scenario.strategies.len() as u64;
        let progress = progress(runs);
        let result =
            pool.install(|| compare::compare(scenario, self.replications, || progress.inc(1)));
        progress.finish_and_clear();
        match result {
            Ok(comparison) => Ok(comparison),
            Err(err) => bail!(err),
        }
    }
}

/// A progress bar on standard error, if that is a terminal.
fn progress(runs: u64) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(runs), target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
