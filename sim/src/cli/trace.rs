use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::{
    one_run::{self, OneRun},
    output,
};
use crate::{
    engine::Streams,
    scenario::{Scenario, strategy::Strategy},
    trace::{self, Extract, Life, TraceFailure},
};

/// Shows one run in full: as a trace for Perfetto and Chrome, or the life of one request in words.
#[derive(Args, Debug)]
#[command(
    after_help = "Without --out and --request, tells the life of the first request that is refused. \
                        ui.perfetto.dev and chrome://tracing open what --out writes."
)]
pub(super) struct Trace {
    #[command(flatten)]
    run: OneRun,
    /// The strategy to run, by its name; may be left out if there is only one.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Writes the run as trace events (JSON) into this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tells the life of this request, by its place in the order of arrival, counted from 0.
    #[arg(long, value_name = "ID")]
    request: Option<u64>,
    /// Begins the trace so many seconds after the start of the scenario.
    #[arg(long, value_name = "S", requires = "out")]
    from_s: Option<f64>,
    /// Ends the trace so many seconds after the start of the scenario.
    #[arg(long, value_name = "S", requires = "out")]
    to_s: Option<f64>,
    /// Writes no trace with more events than this; viewers get slow beyond a million.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "out")]
    most_events: u64,
}

impl Trace {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.run.read()?;
        let strategy = one_run::strategy(&scenario, self.strategy.as_deref())?;
        if let Some(path) = &self.out {
            let extract = self.extract(&scenario)?;
            let events = write_file(path, &scenario, strategy, extract)?;
            let shown = path.display();
            writeln!(
                out,
                "Wrote {events} trace events to {shown}; ui.perfetto.dev opens it"
            )?;
        }
        if self.request.is_some() || self.out.is_none() {
            self.tell(&scenario, strategy, out)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Tells the life of the request that is asked for.
    fn tell(
        &self,
        scenario: &Scenario,
        strategy: &Strategy,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let streams = Streams::new(scenario.seed);
        let id = match self.request {
            Some(id) => Some(id),
            None => trace::first_refused(scenario, strategy, streams)?,
        };
        let Some(id) = id else {
            let name = &strategy.name;
            writeln!(
                out,
                "No call of `{name}` is refused; --request ID tells of any request"
            )?;
            return Ok(());
        };
        match trace::write_life(scenario, strategy, streams, id, out)? {
            Life::Written => Ok(()),
            Life::NoSuchRequest(0) => bail!("--request: no request arrives"),
            Life::NoSuchRequest(count) => {
                bail!("--request: expected 0 to {}, found {id}", count - 1)
            }
        }
    }

    fn extract(&self, scenario: &Scenario) -> anyhow::Result<Extract> {
        let duration_s = scenario.duration().as_secs_f64();
        let (from_s, to_s) = (self.from_s.unwrap_or(0.0), self.to_s.unwrap_or(duration_s));
        if !(0.0 <= from_s && from_s < to_s && from_s < duration_s) {
            bail!(
                "--from-s and --to-s: expected 0 <= from < to, and from below the {duration_s} s of the \
                 scenario, found {from_s} and {to_s}"
            );
        }
        let at = |seconds: f64| {
            let span = std::time::Duration::try_from_secs_f64(seconds.min(duration_s));
            span.map(|span| scenario.start().saturating_add(span))
        };
        Ok(Extract {
            from: at(from_s)?,
            to: at(to_s)?,
            most_events: self.most_events,
        })
    }
}

fn write_file(
    path: &Path,
    scenario: &Scenario,
    strategy: &Strategy,
    extract: Extract,
) -> anyhow::Result<u64> {
    let streams = Streams::new(scenario.seed);
    let written = output::write_streamed(path, |out| {
        trace::write_trace(scenario, strategy, streams, extract, out).map_err(|err| match err {
            TraceFailure::Workload(err) => anyhow!(err),
            TraceFailure::Write(err) => anyhow!(err).context("cannot write the trace"),
            TraceFailure::TooMany(at) => {
                let since = at.saturating_duration_since(scenario.start());
                anyhow!(
                    "more than {} trace events by {:.3} s of {} s; name a part of them with --from-s and --to-s, \
                     or raise --most-events",
                    extract.most_events,
                    since.as_secs_f64(),
                    scenario.duration().as_secs_f64(),
                )
            }
        })
    });
    let written = written.with_context(|| format!("{}", path.display()))?;
    Ok(written.events)
}
