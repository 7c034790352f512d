use std::io::Write;

use clap::Args;

use crate::scenario::presets::{PROVIDERS, Presets, STRATEGIES};

/// Lists the shipped providers and strategies, or prints one as TOML.
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
                let preset = preset.map_err(|_| {
                    anyhow::anyhow!("no preset is named `{name}`; `sim presets` lists all")
                })?;
                out.write_all(preset.text.as_bytes())?;
            }
            None => {
                list(out, "Providers, for `[provider] preset = \"…\"`", PROVIDERS)?;
                writeln!(out)?;
                list(
                    out,
                    "Strategies, for `[[strategy]] preset = \"…\"`",
                    STRATEGIES,
                )?;
            }
        }
        out.flush()?;
        Ok(())
    }
}

fn list(out: &mut dyn Write, title: &str, presets: Presets) -> anyhow::Result<()> {
    writeln!(out, "{title}:")?;
    for preset in presets.all {
        writeln!(out, "  {:<28} {}", preset.name, preset.summary())?;
    }
    Ok(())
}
