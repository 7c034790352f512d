use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    scenario::{Override, Scenario, strategy::Strategy},
    shell::quoted,
    workload,
};

/// The scenario of a subcommand that shows single runs, and what is changed of it.
#[derive(Args, Debug)]
pub(super) struct OneRun {
    /// The scenario to run, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Overrides the seed of the scenario.
    #[arg(long)]
    seed: Option<u64>,
    /// Replays the arrivals of this CSV file (arrival_ms,input_tokens,output_tokens) instead.
    #[arg(long, value_name = "CSV")]
    trace: Option<PathBuf>,
    /// Changes a value of the scenario, as for `sim compare`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
}

impl OneRun {
    /// What to type for the same scenario, but for its folder, which is that of whoever types.
    pub(super) fn words(&self, seed: u64) -> Vec<String> {
        let name = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            quoted(&name.to_string_lossy())
        };
        let mut words = vec![name(&self.scenario), format!("--seed {seed}")];
        let trace = self.trace.iter();
        words.extend(trace.map(|trace| format!("--trace {}", name(trace))));
        let changes = self.overrides.iter();
        words.extend(changes.map(|change| format!("--set {}", quoted(change.text()))));
        words
    }

    pub(super) fn read(&self) -> anyhow::Result<Scenario> {
        let mut scenario = Scenario::read(&self.scenario, &self.overrides)?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        if let Some(path) = &self.trace {
            scenario.replay(path.clone());
        }
        workload::check_traces(&scenario)?;
        Ok(scenario)
    }
}

/// The strategy of this name; the only one, if none is asked for.
pub(super) fn strategy<'a>(
    scenario: &'a Scenario,
    wanted: Option<&str>,
) -> anyhow::Result<&'a Strategy> {
    let all = &scenario.strategies;
    let found = match (wanted, all.as_slice()) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(name), _) => all.iter().find(|strategy| strategy.name == name),
    };
    found.ok_or_else(|| {
        let names = scenario.strategy_names();
        match wanted {
            Some(name) => anyhow::anyhow!("--strategy: none is named `{name}`; there are {names}"),
            None => anyhow::anyhow!("--strategy: expected one of {names}"),
        }
    })
}
