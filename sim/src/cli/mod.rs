//! The command line: one module per subcommand.

mod check;
mod compare;
mod completions;
mod fit;
mod man;
mod merge;
mod one_run;
mod output;
mod presets;
mod progress;
mod schema;
mod score;
mod serve;
mod sweep;
mod threads;
mod trace;
mod tune;
mod validate;
mod watch;

use std::io::Write;

use clap::{Parser, Subcommand};

/// Simulates clients of rate-limited providers and compares their strategies.
#[derive(Debug, Parser)]
#[command(name = "sim", version, max_term_width = 100)]
#[command(after_help = "\
Begin with: sim compare sim/scenarios/quickstart.toml
Exit codes: 0 success, 1 failure, 2 wrong usage.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::Compare),
    Sweep(sweep::Sweep),
    Merge(merge::Merge),
    Tune(tune::Tune),
    Trace(trace::Trace),
    Watch(watch::Watch),
    Check(check::Check),
    Presets(presets::ShowPresets),
    Fit(fit::Fit),
    Score(score::Score),
    Serve(serve::Serve),
    Validate(validate::Validate),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Cli {
    /// Runs the chosen subcommand.
    ///
    /// # Errors
    ///
    /// Fails if a scenario is not legal or a report cannot be written.
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        match self.command {
            Command::Compare(compare) => compare.run(out),
            Command::Sweep(sweep) => sweep.run(out),
            Command::Merge(merge) => merge.run(out),
            Command::Tune(tune) => tune.run(out),
            Command::Trace(trace) => trace.run(out),
            Command::Watch(watch) => watch.run(out),
            Command::Check(check) => check.run(out),
            Command::Presets(presets) => presets.run(out),
            Command::Fit(fit) => fit.run(out),
            Command::Score(score) => score.run(out),
            Command::Serve(serve) => serve.run(out),
            Command::Validate(validate) => validate.run(out),
            Command::Schema(schema) => schema.run(out),
            Command::Completions(completions) => completions.run(out),
            Command::Man(man) => man.run(out),
        }
    }
}
