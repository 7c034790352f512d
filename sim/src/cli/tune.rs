use std::{io::Write, path::PathBuf};

use clap::Args;

use super::{output, progress::progress, threads::threads};
use crate::{
    report,
    results::Metric,
    scenario::{Override, ScenarioFile},
    tune::{self, Axis, Constraint, Search},
    workload,
};

/// Finds good values for a strategy, and says how sure it is.
///
/// An optimiser (TPE) proposes values. The best ones run again under seeds that it never saw, beside the
/// strategy as it was written.
#[derive(Args, Debug)]
pub(super) struct Tune {
    /// The scenario, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// The strategy to tune.
    #[arg(long, value_name = "NAME")]
    strategy: String,
    /// A value of it, and where to look: `KEY=1..50`, `KEY=0.1..10:log` or `KEY=a,b,c`; may be given several
    /// times. The key stands below the strategy: `concurrency`, `backoff.delay.exponential.initial_s`.
    #[arg(long, value_name = "KEY=RANGE", required = true)]
    over: Vec<Axis>,
    /// What is to be as good as possible: goodput, refused_share, latency_p95_s or calls_per_success.
    #[arg(long, value_name = "METRIC", default_value = "goodput", value_parser = metric)]
    objective: Metric,
    /// What has to hold, such as `refused<=1%` or `latency_p95_s<=30`; may be given several times.
    #[arg(long, value_name = "BOUND")]
    subject_to: Vec<Constraint>,
    /// How many proposals are tried.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    trials: u32,
    /// Runs of each proposal.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: u32,
    /// Fresh runs of the best ones.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    fresh: u32,
    /// Overrides the seed of the scenario.
    #[arg(long)]
    seed: Option<u64>,
    /// Changes a value of the scenario first.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
    /// Writes tune.csv with all proposals and tune.json into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Uses this many threads; all cores, if absent. The results are the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

fn metric(text: &str) -> Result<Metric, String> {
    let found = Metric::ALL.into_iter().find(|metric| metric.name() == text);
    found.ok_or_else(|| {
        let names = Metric::ALL.map(Metric::name).join(", ");
        format!("expected one of {names}")
    })
}

impl Tune {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let search = Search {
            file: ScenarioFile::open(&self.scenario)?,
            changes: self.overrides,
            strategy: self.strategy,
            axes: self.over,
            objective: self.objective,
            constraints: self.subject_to,
            trials: self.trials,
            replications: self.replications,
            fresh: self.fresh,
            seed: self.seed,
        };
        workload::check_traces(&search.file.scenario(&search.changes)?)?;
        if let Some(folder) = &self.out {
            output::prepare(folder)?;
        }
        let bar = progress(u64::from(self.trials), "trials");
        let pool = threads(self.threads)?;
        let tuned = pool.install(|| tune::tune(&search, || bar.inc(1)));
        bar.finish_and_clear();
        let tuned = tuned?;
        if let Some(folder) = &self.out {
            let file = |name, bytes| report::File { name, bytes };
            let files = [
                file("tune.csv", report::tuning_csv(&search, &tuned)?),
                file("tune.json", report::tuning_json(&search, &tuned)?),
            ];
            output::write_all(folder, &files)?;
        }
        out.write_all(report::tuning(&search, &tuned).as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
