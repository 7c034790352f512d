use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::{output, progress::progress, threads::threads};
use crate::{
    scenario::{Override, ScenarioFile},
    sweep::{self, Dimension, Figure, Journal, Plan, Shard},
};

/// Runs a scenario at every combination of varied values.
///
/// Points that are done are kept in the folder, so the same command goes on where it was stopped. Shards
/// may run anywhere; `sim merge` puts them together, and the results are those of a sweep in one piece.
#[derive(Args, Debug)]
pub(super) struct Sweep {
    /// The scenario to run, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Varies a value: `KEY=a,b,c`, `KEY=1..100:lin4` or `KEY=0.1..10:log5`; every combination runs.
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    vary: Vec<Dimension>,
    /// Changes a value of the scenario at every point.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
    /// Runs this strategy alone; may be given several times.
    #[arg(long, value_name = "NAME")]
    strategy: Vec<String>,
    /// Overrides the seed of the scenario; every point has the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Averages this many independent runs at each point.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: u32,
    /// Where the points that are done and the results are written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Runs every N-th point only, beginning with the I-th.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// What to draw, and to name the best point by.
    #[arg(long, value_name = "FIGURE", default_value = "goodput")]
    figure: Figure,
    /// Uses this many threads; all cores, if absent. The results are the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Sweep {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let file = ScenarioFile::open(&self.scenario)?;
        let plan = Plan::new(
            file,
            self.overrides,
            self.vary,
            self.seed,
            self.replications,
            self.strategy,
        )?;
        output::prepare(&self.out)?;
        let mut journal = Journal::open(&self.out, plan.head(), self.shard)?;
        let points = (0..plan.head().points())
            .filter(|&point| self.shard.has(point))
            .count();
        let bar = progress(points as u64, "points");
        bar.inc(journal.done().len() as u64);
        bar.reset_eta();
        let pool = threads(self.threads)?;
        let ran = pool.install(|| sweep::run(&plan, self.shard, &mut journal, || bar.inc(1)));
        bar.finish_and_clear();
        ran?;
        let path = self.out.join(Journal::name(self.shard));
        if self.shard == Shard::WHOLE {
            return super::merge::write(&[path], &self.out, self.figure, out);
        }
        writeln!(out, "Wrote {points} points to {}", path.display())?;
        out.flush().context("standard output")
    }
}
