use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

/// Prints the completions of a shell.
///
/// For bash: `sim completions bash > ~/.local/share/bash-completion/completions/sim`.
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "sim", &mut script);
        out.write_all(&script)?;
        out.flush()?;
        Ok(())
    }
}
