//! The command line: one module per subcommand.

mod check;
mod compare;
mod output;
mod presets;
mod score;
mod validate;

use std::io::Write;

use clap::{Parser, Subcommand};

/// Simulates clients of rate-limited providers and compares their strategies.
#[derive(Debug, Parser)]
#[command(name = "sim", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 success, 1 failure, 2 wrong usage.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::Compare),
    Check(check::Check),
    Presets(presets::ShowPresets),
    Score(score::Score),
    Validate(validate::Validate),
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
            Command::Presets(presets) => presets.run(out),
            Command::Score(score) => score.run(out),
            Command::Validate(validate) => validate.run(out),
        }
    }
}
