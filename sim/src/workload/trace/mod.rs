//! Recorded requests, as they are published.

mod error;
mod format;
mod lines;

use std::{
    mem,
    path::{Path, PathBuf},
    time::Duration,
};

use paceline_core::Timestamp;

pub use error::TraceError;
use format::Format;
pub(super) use lines::Lines;

/// Recorded requests, read row by row from a file in one of four formats.
///
/// It may be packed by gzip. The format is told by the first line: a CSV header with at least
/// `arrival_ms`, `input_tokens` and `output_tokens`; the header of the Azure LLM traces, or of BurstGPT;
/// or Mooncake's JSON lines. Columns stand in any order, and others are ignored. Rows are sorted by
/// time. A row is a line of at most 64 KiB, so memory is bounded whatever the file.
///
/// `arrival_ms` and Mooncake's `timestamp` count from the start of the trace. The times of Azure and
/// BurstGPT count from elsewhere, so their first request is the start. A row of BurstGPT without tokens
/// is a request that failed there: it was asked all the same, so it is a request here, of 0 tokens.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    lines: Lines,
    format: Format,
    /// Whether the line at hand is a request that was not taken yet.
    waits: bool,
    /// What its clock showed at the start of the trace, once that is known.
    origin: Option<Duration>,
    /// When the last request arrived, on the clock of the file.
    last: Duration,
    rows: u64,
}

/// One recorded request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row {
    /// When it arrived, since the start of the trace.
    pub arrival: Duration,
    /// Tokens that it sent.
    pub input_tokens: u64,
    /// Tokens that it got back.
    pub output_tokens: u64,
}

impl Trace {
    /// Opens a trace and tells its format.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is in no known format.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let fail = |line, what: String| TraceError {
            path: path.to_owned(),
            line,
            what,
        };
        let mut lines = Lines::open(path).map_err(|err| fail(None, err.to_string()))?;
        let first = lines
            .advance()
            .and_then(|more| Ok(more.then_some(lines.text()?)));
        let first = match first {
            Ok(first) => first,
            Err(err) => return Err(fail(Some(lines.number()), err.to_string())),
        };
        let format = Format::detect(first).map_err(|what| fail(Some(lines.number()), what))?;
        Ok(Self {
            path: path.to_owned(),
            waits: !format.has_header(),
            lines,
            format,
            origin: format.starts_at_zero().then_some(Duration::ZERO),
            last: Duration::ZERO,
            rows: 0,
        })
    }

    /// Who publishes traces in this format.
    pub const fn format(&self) -> &'static str {
        self.format.name()
    }

    /// The date and time of its start, if it has dates and its first row was read.
    pub fn starts_at(&self) -> Option<Timestamp> {
        let origin = self.origin.filter(|_| self.format.has_dates())?;
        u64::try_from(origin.as_nanos())
            .ok()
            .map(Timestamp::from_nanos)
    }

    /// Reads the next row, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Fails if the row is not a request, if it came before its predecessor, and if the file has no
    /// row at all.
    pub fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        let waits = mem::take(&mut self.waits);
        if !waits && !self.lines.advance().map_err(|err| self.error(err))? {
            return match self.rows {
                0 => Err(TraceError {
                    line: None,
                    ..self.error("expected at least one row below the header")
                }),
                _ => Ok(None),
            };
        }
        let text = self.lines.text().map_err(|err| self.error(err))?;
        let entry = self.format.read(text).map_err(|what| self.error(what))?;
        self.rows += 1;
        let origin = *self.origin.get_or_insert(entry.at);
        if entry.at < self.last {
            let (name, shown) = (self.format.clock(), |at| self.format.show(at));
            let what = format!(
                "{name}: expected rows sorted by time, found {} after {}",
                shown(entry.at),
                shown(self.last)
            );
            return Err(self.error(what));
        }
        self.last = entry.at;
        Ok(Some(Row {
            arrival: entry.at.saturating_sub(origin),
            input_tokens: entry.input_tokens,
            output_tokens: entry.output_tokens,
        }))
    }

    /// An error on the line that was read last.
    pub(super) fn error(&self, what: impl ToString) -> TraceError {
        TraceError {
            path: self.path.clone(),
            line: Some(self.lines.number()),
            what: what.to_string(),
        }
    }
}
