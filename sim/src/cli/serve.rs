use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context;
use clap::Args;

use crate::{
    scenario::{Override, Scenario},
    serve::{Counts, Options, Server},
    workload,
};

/// Turns the provider of a scenario into an HTTP server that real clients can call.
///
/// It speaks as OpenAI does (/v1/chat/completions, /v1/embeddings, /v1/models) and as Anthropic does
/// (/v1/messages), whole or word by word. Limits, waits, faults and outages are those of the provider in the
/// scenario; any API key will do, and each has limits of its own.
#[derive(Args, Debug)]
#[command(after_help = "\
Headers of requests, all optional:
  x-paceline-input-tokens, x-paceline-output-tokens
            how large a request and its answer are; else the prompt's bytes / 4, and what the
            first workload of the scenario draws, at most the declared cap
  x-paceline-job, x-paceline-attempt
            choose the luck of a call, so that programs can be compared under the same luck
SIGINT and SIGTERM let calls under way end, for at most 10 s.")]
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
    /// Writes the requests that come to this file, as a trace for `sim compare --trace`; JSON lines, if its name
    /// ends in .jsonl.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
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
            record: self.record,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let server = Server::bind(&scenario, &self.listen, &options).await?;
            let counts = server.counts();
            let stop = stop()?;
            writeln!(out, "listening on http://{}", server.local_addr()?)?;
            out.flush()?;
            tokio::select! {
                served = server.run(stop) => served?,
                () = show(&counts) => {}
            }
            let mut err = io::stderr();
            // What cannot be told is not worth failing for.
            let _ = writeln!(
                err,
                "{}{counts}",
                if err.is_terminal() { CLEAR } else { "" }
            );
            Ok(())
        })
    }
}

/// Back to the beginning of the line, which is cleared.
const CLEAR: &str = "\r\x1b[K";
/// How often counts are shown.
const EACH: Duration = Duration::from_secs(1);

/// Shows counts on the terminal for as long as it is polled.
async fn show(counts: &Counts) {
    let mut err = io::stderr();
    if !err.is_terminal() {
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(EACH);
    loop {
        ticks.tick().await;
        let _ = write!(err, "{CLEAR}{counts}");
        let _ = err.flush();
    }
}

/// Ends when the program is asked to stop, for which it looks out from now on.
#[cfg(unix)]
fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let cannot = "cannot look out for signals";
    let mut interrupt = signal(SignalKind::interrupt()).context(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).context(cannot)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the program is asked to stop.
#[cfg(not(unix))]
fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
