use std::{io::Write, path::PathBuf};

use clap::Args;

use crate::{
    scenario::{Override, Scenario},
    serve::{Options, Server},
    workload,
};

/// Turns the provider of a scenario into an HTTP server that real clients can call.
///
/// It speaks as OpenAI does (/v1/chat/completions, /v1/embeddings, /v1/models) and as Anthropic does
/// (/v1/messages), whole or word by word. Limits, waits, faults and outages are those of the provider in the
/// scenario; any API key will do, and each has limits of its own.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The scenario whose provider to serve, a TOML file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Where to listen; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    /// Serves this provider of the scenario; the first one, if absent.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Lets the provider's clock run so many times as fast as real time, up to 1,000: its latencies, windows and
    /// outages, and the waits that it states.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f64,
    /// Overrides the seed of the scenario.
    #[arg(long)]
    seed: Option<u64>,
    /// Changes a value of the scenario first, as for `sim compare`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<Override>,
}

impl Serve {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut scenario = Scenario::read(&self.scenario, &self.overrides)?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        workload::check_traces(&scenario)?;
        let options = Options {
            provider: self.provider,
            speed: self.speed,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let server = Server::bind(&scenario, &self.listen, &options).await?;
            writeln!(out, "listening on http://{}", server.local_addr()?)?;
            out.flush()?;
            server.run(std::future::pending()).await?;
            Ok(())
        })
    }
}
