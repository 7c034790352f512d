use std::io::Write;

use clap::Args;

use crate::{report, scenario};

/// Prints the JSON Schema of scenarios, with which editors complete and check them.
#[derive(Args, Debug)]
pub(super) struct Schema {
    /// Prints the same as a Markdown reference, for people.
    #[arg(long)]
    markdown: bool,
}

impl Schema {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let schema = scenario::schema();
        let text = if self.markdown {
            report::reference(&schema)
        } else {
            report::pretty(&schema)
        };
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
