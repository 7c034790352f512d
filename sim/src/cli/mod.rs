//! The command line: one module per subcommand.

mod check;
mod compare;
mod completions;
mod man;
mod fit;
mod output;
mod presets;
mod schema;
mod score;

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
    Check(check::Check),
    Fit(fit::Fit),
    Presets(presets::ShowPresets),
    Score(score::Score),
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
            Command::Check(check) => check.run(out),
            Command::Fit(fit) => fit.run(out),
            Command::Presets(presets) => presets.run(out),
            Command::Score(score) => score.run(out),
            Command::Schema(schema) => schema.run(out),
            Command::Completions(completions) => completions.run(out),
            Command::Man(man) => man.run(out),
        }
    }
}
