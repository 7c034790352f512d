use std::{fs, io::Write, path::PathBuf};

use anyhow::Context;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;

use super::Cli;

/// Prints the manual page, or writes one for each command.
///
/// To read it: `sim man | man -l -`.
#[derive(Args, Debug)]
pub(super) struct Man {
    /// Writes sim.1, sim-compare.1 and so on into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut program = Cli::command().disable_help_subcommand(true);
        // So that pages know their full names, such as `sim-compare`.
        program.build();
        let Some(folder) = self.out else {
            out.write_all(&page(&program)?)?;
            out.flush()?;
            return Ok(());
        };
        let shown = folder.display();
        fs::create_dir_all(&folder).with_context(|| format!("{shown}: cannot make this folder"))?;
        for command in [&program].into_iter().chain(program.get_subcommands()) {
            let name = command
                .get_display_name()
                .unwrap_or_else(|| command.get_name());
            let path = folder.join(format!("{name}.1"));
            fs::write(&path, page(command)?).with_context(|| path.display().to_string())?;
        }
        writeln!(out, "Wrote manual pages to {shown}")?;
        out.flush()?;
        Ok(())
    }
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page)?;
    Ok(page)
}
