use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use super::error::ServeError;
use crate::{partial::Partial, workload::Job};

/// Writes requests down as a trace that comparisons read back.
pub(super) struct Record {
    file: Partial,
    form: Form,
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
        let mut file = Partial::create(path)?;
        let is_lines = path.extension().is_some_and(|it| it == "jsonl");
        let form = if is_lines { Form::Lines } else { Form::Table };
        if form == Form::Table {
            writeln!(file.out, "arrival_ms,input_tokens,output_tokens")?;
        }
        Ok(Self { file, form })
    }

    /// Adds a request that arrives so long after the start.
    pub(super) fn write(&mut self, arrival: Duration, job: &Job) -> Result<(), ServeError> {
        let (millis, input, output) = (arrival.as_millis(), job.input_tokens, job.output_tokens);
        let out = &mut self.file.out;
        let written = match self.form {
            Form::Table => writeln!(out, "{millis},{input},{output}"),
            Form::Lines => writeln!(
                out,
                "{{\"timestamp\": {millis}, \"input_length\": {input}, \"output_length\": {output}}}"
            ),
        };
        written.map_err(|err| ServeError::Record(self.file.path().to_owned(), err))
    }

    /// Gives the trace its name.
    pub(super) fn finish(self) -> Result<(), ServeError> {
        let path = self.file.path().to_owned();
        self.file
            .finish()
            .map_err(|err| ServeError::Record(path, err))
    }
}
