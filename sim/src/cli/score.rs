use std::{io::Write, path::PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;
use rayon::prelude::*;

use crate::{
    report,
    scenario::presets,
    score::{self, Cell, Offered},
};

/// Scores our strategies and well-known clients on recorded traffic, against scaled limits of providers.
#[derive(Args, Debug)]
pub(super) struct Score {
    /// Recorded requests: CSV files (arrival_ms,input_tokens,output_tokens), or as published by Azure,
    /// BurstGPT or Mooncake; also packed by gzip.
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<PathBuf>,
    /// The provider presets whose limits are scaled.
    #[arg(
        long = "provider",
        value_name = "PRESET",
        value_delimiter = ',',
        default_value = "openai-tier-1,azure-standard,anthropic-start,gemini-free,groq-free,gateway-pro"
    )]
    providers: Vec<String>,
    /// What each trace offers, as a multiple of what the limits allow.
    #[arg(
        long = "load",
        value_name = "TIMES",
        value_delimiter = ',',
        default_value = "0.8,1,1.5"
    )]
    loads: Vec<f64>,
}

impl Score {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        if let Some(load) = self
            .loads
            .iter()
            .find(|load| !(0.01..=100.0).contains(*load))
        {
            bail!("--load: expected 0.01 to 100, found {load}");
        }
        for provider in &self.providers {
            presets::PROVIDERS
                .find(provider)
                .map_err(|err| anyhow!(err))?;
        }
        let offered: Vec<Offered> = self
            .traces
            .iter()
            .map(|trace| Offered::read(trace).map_err(|err| anyhow!(err)))
            .collect::<Result<_, _>>()?;
        let mut cells = Vec::new();
        for (trace, offered) in self.traces.iter().zip(offered) {
            for provider in &self.providers {
                cells.extend(
                    self.loads
                        .iter()
                        .map(|&load| (trace, offered, provider, load)),
                );
            }
        }
        let cells: Vec<Cell> = cells
            .into_par_iter()
            .map(|(trace, offered, provider, load)| score::score(trace, offered, provider, load))
            .collect::<Result<_, _>>()
            .map_err(|err| anyhow!(err))?;
        out.write_all(report::scores(&cells).as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
