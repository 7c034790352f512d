use anyhow::{Context, bail};

use crate::{
    scenario::{Override, Scenario, ScenarioFile, strategy::Strategy},
    tune::Axis,
};

/// The strategy that is tuned, and how to change it.
pub(super) struct Variants<'a> {
    file: &'a ScenarioFile,
    changes: &'a [Override],
    strategy: &'a str,
}

impl<'a> Variants<'a> {
    pub(super) const fn new(
        file: &'a ScenarioFile,
        changes: &'a [Override],
        strategy: &'a str,
    ) -> Self {
        Self {
            file,
            changes,
            strategy,
        }
    }

    /// The scenario with this strategy alone, as it was written.
    pub(super) fn written(&self) -> anyhow::Result<Scenario> {
        self.scenario(&[], &[])
    }

    /// The scenario with this strategy alone, and with other values.
    pub(super) fn scenario(&self, axes: &[Axis], values: &[String]) -> anyhow::Result<Scenario> {
        let mut changes = self.changes.to_vec();
        changes.extend(self.overrides(axes, values)?);
        let mut scenario = self.file.scenario(&changes)?;
        let is_it = |strategy: &Strategy| strategy.name == self.strategy;
        if !scenario.strategies.iter().any(is_it) {
            let (name, names) = (self.strategy, scenario.strategy_names());
            bail!("--strategy {name}: expected one of {names}");
        }
        scenario.strategies.retain(is_it);
        Ok(scenario)
    }

    /// What a command line says to get these values.
    pub(super) fn overrides(
        &self,
        axes: &[Axis],
        values: &[String],
    ) -> anyhow::Result<Vec<Override>> {
        let name = toml_edit::Key::new(self.strategy);
        let set = |(axis, value): (&Axis, &String)| {
            let text = format!("strategy.{}.{}={value}", name.display_repr(), axis.key());
            let change = text.parse::<Override>().map_err(anyhow::Error::msg);
            change.with_context(|| format!("--over {}", axis.key()))
        };
        axes.iter().zip(values).map(set).collect()
    }
}
