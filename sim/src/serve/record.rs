use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use super::error::ServeError;
use crate::workload::Job;

/// Writes requests down as a trace that comparisons read back.
///
/// It stands under a temporary name until it is complete; if it never is, nothing is left of it.
pub(super) struct Record {
    path: PathBuf,
    partial: PathBuf,
    out: BufWriter<fs::File>,
    form: Form,
    is_complete: bool,
}

/// In which form a trace is written, by the end of its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// CSV of our own, in whole milliseconds.
    Table,
    /// JSON lines as Mooncake has them, for names that end in `.jsonl`.
    Lines,
}

impl Record {
    /// Begins a trace that is to have this name.
    pub(super) fn create(path: &Path) -> Result<Self, ServeError> {
        Self::begin(path).map_err(|err| ServeError::Record(path.to_owned(), err))
    }

    fn begin(path: &Path) -> io::Result<Self> {
        let name = path.file_name().filter(|_| !path.is_dir());
        let name = name.ok_or_else(|| io::Error::other("expected the name of a file"))?;
        let partial = path.with_file_name(format!(".{}.partial", name.to_string_lossy()));
        let is_lines = path.extension().is_some_and(|it| it == "jsonl");
        let mut record = Self {
            path: path.to_owned(),
            out: BufWriter::new(fs::File::create(&partial)?),
            partial,
            form: if is_lines { Form::Lines } else { Form::Table },
            is_complete: false,
        };
        if record.form == Form::Table {
            writeln!(record.out, "arrival_ms,input_tokens,output_tokens")?;
        }
        Ok(record)
    }

    /// Adds a request that arrives so long after the start.
    pub(super) fn write(&mut self, arrival: Duration, job: &Job) -> Result<(), ServeError> {
        let (millis, input, output) = (arrival.as_millis(), job.input_tokens, job.output_tokens);
        let written = match self.form {
            Form::Table => writeln!(self.out, "{millis},{input},{output}"),
            Form::Lines => writeln!(
                self.out,
                "{{\"timestamp\": {millis}, \"input_length\": {input}, \"output_length\": {output}}}"
            ),
        };
        written.map_err(|err| ServeError::Record(self.path.clone(), err))
    }

    /// Gives the trace its name.
    pub(super) fn finish(mut self) -> Result<(), ServeError> {
        let flushed = self.out.flush();
        let named = flushed.and_then(|()| fs::rename(&self.partial, &self.path));
        named.map_err(|err| ServeError::Record(self.path.clone(), err))?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.is_complete {
            // Best effort: whatever went wrong is said elsewhere.
            let _ = fs::remove_file(&self.partial);
        }
    }
}
