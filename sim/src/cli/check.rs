use std::{io::Write, path::PathBuf};

use clap::Args;

use crate::{
    report,
    scenario::{Override, Scenario},
    workload,
};

/// Validates a scenario and explains what it would do.
#[derive(Args, Debug)]
pub(super) struct Check {
    /// The scenario to check, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Changes a value of the scenario first, as for `sim compare`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
}

impl Check {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = Scenario::read(&self.scenario, &self.overrides)?;
        workload::check_traces(&scenario)?;
        out.write_all(report::explanation(&scenario).as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
