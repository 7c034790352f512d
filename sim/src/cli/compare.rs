use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};
use clap::Args;

use super::{format::Format, output, progress::progress, threads::threads};
use crate::{
    compare::{self, Plan, Progress, Replications},
    report::Origin,
    results::Comparison,
    scenario::{Override, Scenario},
    shell::quoted,
    workload,
};

/// Runs every strategy of a scenario on the same arrivals and compares them.
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// The scenario to run, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Takes this seed instead of that of the scenario.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Averages this many independent runs; from 2 on, it says how sure every figure is.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: u32,
    /// Averages as many runs, ten at least, as it takes to know goodput and p95 of every strategy
    /// within so much of themselves.
    #[arg(long, value_name = "PERCENT", value_parser = percentage, conflicts_with = "replications")]
    precision: Option<f64>,
    /// Gives up on --precision after this many runs.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    #[arg(requires = "precision")]
    max_replications: u32,
    /// The strategy that the others are compared with; the first, if absent.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Counts nothing in this many seconds at the start, instead of what the scenario says.
    #[arg(long, value_name = "SECONDS")]
    warmup_s: Option<f64>,
    /// Replays the requests of this trace instead: CSV (arrival_ms,input_tokens,output_tokens), or as
    /// published by Azure, BurstGPT or Mooncake; also packed by gzip.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Changes a value of the scenario, such as `duration_s=600` or `strategy.0.concurrency=4`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
    /// Writes report.html, results.json, results.csv and the plots into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Uses this many threads; all cores, if absent. The results are the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Compare {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.scenario()?;
        let plan = self.plan(&scenario)?;
        workload::check_traces(&scenario)?;
        if let Some(folder) = &self.out {
            // A folder that cannot be written to should not cost the run.
            output::prepare(folder)?;
        }
        let comparison = self.simulate(&scenario, plan)?;
        if let Some(folder) = &self.out {
            let origin = Origin {
                command: self.command(scenario.seed),
                source: scenario.source.clone(),
            };
            output::write_comparison(folder, &comparison, &origin)?;
        }
        self.format.print(&comparison, self.out.as_deref(), out)
    }

    fn scenario(&self) -> anyhow::Result<Scenario> {
        let mut overrides = self.overrides.clone();
        if let Some(warmup_s) = self.warmup_s {
            let warmup = format!("warmup_s={warmup_s}").parse();
            overrides.push(warmup.map_err(|err: String| anyhow!(err))?);
        }
        let mut scenario = Scenario::read(&self.scenario, &overrides)?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        if let Some(path) = &self.trace {
            scenario.replay(path.clone());
        }
        Ok(scenario)
    }

    /// What to type for the same results, but for folders, which are those of whoever types.
    fn command(&self, seed: u64) -> String {
        let name = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let mut words = vec!["sim".to_owned(), "compare".to_owned()];
        words.push(quoted(&name(&self.scenario)));
        words.push(format!("--seed {seed}"));
        match self.precision {
            None => words.push(format!("--replications {}", self.replications)),
            Some(share) => {
                words.push(format!("--precision {}%", share * 100.0));
                words.push(format!("--max-replications {}", self.max_replications));
            }
        }
        if let Some(baseline) = &self.baseline {
            words.push(format!("--baseline {}", quoted(baseline)));
        }
        if let Some(warmup_s) = self.warmup_s {
            words.push(format!("--warmup-s {warmup_s}"));
        }
        if let Some(trace) = &self.trace {
            words.push(format!("--trace {}", quoted(&name(trace))));
        }
        let changes = self.overrides.iter();
        words.extend(changes.map(|change| format!("--set {}", quoted(change.text()))));
        words.join(" ")
    }

    fn plan(&self, scenario: &Scenario) -> anyhow::Result<Plan> {
        let replications = match self.precision {
            Some(precision) => Replications::Until {
                precision,
                most: self.max_replications,
            },
            None => Replications::Fixed(self.replications),
        };
        let baseline = match &self.baseline {
            Some(baseline) => {
                let mut strategies = scenario.strategies.iter();
                let place = strategies.position(|strategy| strategy.name == *baseline);
                place.ok_or_else(|| {
                    let known = scenario.strategy_names();
                    anyhow!(
                        "--baseline: no strategy is named `{baseline}`, expected one of {known}"
                    )
                })?
            }
            None => 0,
        };
        Ok(Plan {
            replications,
            baseline,
        })
    }

    fn simulate(&self, scenario: &Scenario, plan: Plan) -> anyhow::Result<Comparison> {
        let pool = threads(self.threads)?;
        // How many there will be is known once they are planned.
        let bar = progress(0, "runs");
        let show = |progress| match progress {
            Progress::Planned(runs) => bar.set_length(runs),
            Progress::Done => bar.inc(1),
        };
        let result = pool.install(|| compare::compare_by(plan, scenario, show));
        bar.finish_and_clear();
        match result {
            Ok(comparison) => Ok(comparison),
            Err(err) => bail!(err),
        }
    }
}

/// A share of 0.01 % to 50 %, typed as a percentage such as `2%`.
fn percentage(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').map(str::trim);
    let number = number.and_then(|number| number.parse::<f64>().ok());
    let percent = number.filter(|percent| (0.01..=50.0).contains(percent));
    let share = percent.map(|percent| percent / 100.0);
    share.ok_or_else(|| "expected a percentage from 0.01% to 50%, such as 2%".to_owned())
}
