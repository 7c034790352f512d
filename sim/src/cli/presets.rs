use std::io::Write;

use clap::Args;

use crate::scenario::presets::{PROVIDERS, STRATEGIES, WORKLOADS};

/// Lists the shipped providers, strategies and workloads, or prints one as TOML.
#[derive(Args, Debug)]
#[command(name = "presets")]
pub(super) struct ShowPresets {
    /// Prints this preset, to be copied into a scenario.
    name: Option<String>,
}

impl ShowPresets {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        match self.name {
            Some(name) => {
                let preset = PROVIDERS.find(&name).or_else(|_| STRATEGIES.find(&name));
                let preset = preset.or_else(|_| WORKLOADS.find(&name));
                let preset = preset.map_err(|_| {
                    anyhow::anyhow!("no preset is named `{name}`; `sim presets` lists all")
                })?;
                out.write_all(preset.text.as_bytes())?;
            }
            None => {
                list(out)?;
            }
        }
        out.flush()?;
        Ok(())
    }
}

fn list(out: &mut dyn Write) -> anyhow::Result<()> {
    let title = "Providers, for `[provider] preset = \"…\"`, and the date of their figures";
    writeln!(out, "{title}:")?;
    for preset in paceline_presets::all() {
        let (name, as_of, summary) = (preset.name, preset.as_of, preset.summary);
        writeln!(out, "  {name:<28} {as_of:<10}  {summary}")?;
    }
    writeln!(out, "\nStrategies, for `[[strategy]] preset = \"…\"`:")?;
    for preset in STRATEGIES.all() {
        writeln!(out, "  {:<28} {}", preset.name, preset.summary())?;
    }
    writeln!(out, "\nWorkloads, for `[workload] preset = \"…\"`:")?;
    for preset in WORKLOADS.all() {
        writeln!(out, "  {:<28} {}", preset.name, preset.summary())?;
    }
    Ok(())
}
