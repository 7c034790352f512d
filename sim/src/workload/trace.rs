use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use csv::StringRecord;

/// Recorded requests, read row by row from a CSV file.
///
/// The header names at least `arrival_ms`, `input_tokens` and `output_tokens`, in any order; other
/// columns are ignored. Rows are sorted by time. A row is a line of at most 64 KiB without quoted
/// line feeds, so memory is bounded whatever the file.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    reader: csv::Reader<ShortLines<fs::File>>,
    columns: [usize; 3],
    row: StringRecord,
    last_arrival_ms: u64,
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

const COLUMNS: [&str; 3] = ["arrival_ms", "input_tokens", "output_tokens"];
const LONGEST_LINE: usize = 64 * 1024;

impl Trace {
    /// Opens a trace and reads its header.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or lacks a column.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let fail = |line, what: String| TraceError {
            path: path.to_owned(),
            line,
            what,
        };
        let file = fs::File::open(path).map_err(|err| fail(None, err.to_string()))?;
        if file.metadata().is_ok_and(|data| data.is_dir()) {
            return Err(fail(None, "expected a CSV file, found a folder".to_owned()));
        }
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .quoting(false)
            .trim(csv::Trim::All)
            .from_reader(ShortLines::new(file));
        let header = reader
            .headers()
            .map_err(|err| fail(Some(1), explain(&err)))?;
        let mut columns = [0; 3];
        for (column, name) in columns.iter_mut().zip(COLUMNS) {
            *column = header
                .iter()
                .position(|field| field.trim_matches(['\u{feff}', '"']) == name)
                .ok_or_else(|| {
                    let expected = COLUMNS.join(",");
                    fail(
                        Some(1),
                        format!("expected a header with the columns {expected}, found no `{name}`"),
                    )
                })?;
        }
        Ok(Self {
            path: path.to_owned(),
            reader,
            columns,
            row: StringRecord::new(),
            last_arrival_ms: 0,
            rows: 0,
        })
    }

    /// Reads the next row, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Fails if the row is not a request, if it came before its predecessor, and if the file has no
    /// row at all.
    pub fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        let more = self.reader.read_record(&mut self.row).map_err(|err| {
            let line = self.reader.position().line();
            self.error(Some(line), explain(&err))
        })?;
        if !more {
            return match self.rows {
                0 => Err(self.error(
                    None,
                    "expected at least one row below the header".to_owned(),
                )),
                _ => Ok(None),
            };
        }
        self.rows += 1;
        let arrival_ms = self.number(0)?;
        if arrival_ms < self.last_arrival_ms {
            let what = format!(
                "arrival_ms: expected rows sorted by time, found {arrival_ms} after {}",
                self.last_arrival_ms
            );
            return Err(self.error(self.line(), what));
        }
        self.last_arrival_ms = arrival_ms;
        Ok(Some(Row {
            arrival: Duration::from_millis(arrival_ms),
            input_tokens: self.number(1)?,
            output_tokens: self.number(2)?,
        }))
    }

    fn number(&self, column: usize) -> Result<u64, TraceError> {
        let text = self.row.get(self.columns[column]).unwrap_or_default();
        text.trim_matches('"').parse().map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            let name = COLUMNS[column];
            let what = format!("{name}: expected a whole number of 0 or above, found `{shown}`");
            self.error(self.line(), what)
        })
    }

    fn line(&self) -> Option<u64> {
        self.row.position().map(csv::Position::line)
    }

    fn error(&self, line: Option<u64>, what: String) -> TraceError {
        TraceError {
            path: self.path.clone(),
            line,
            what,
        }
    }
}

/// What is wrong with a trace, and where.
#[derive(Debug)]
pub struct TraceError {
    pub(super) path: PathBuf,
    pub(super) line: Option<u64>,
    pub(super) what: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for TraceError {}

/// The cause of a CSV error, without the position, which we print ourselves.
pub(super) fn explain(err: &csv::Error) -> String {
    match err.kind() {
        csv::ErrorKind::Io(err) => err.to_string(),
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8 text".to_owned(),
        _ => err.to_string(),
    }
}

/// A reader that fails on a line beyond [`LONGEST_LINE`] instead of letting it fill the memory.
#[derive(Debug)]
pub(super) struct ShortLines<R> {
    inner: R,
    /// Bytes since the last line feed.
    length: usize,
}

impl<R> ShortLines<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, length: 0 }
    }
}

impl<R: Read> Read for ShortLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        for part in buffer[..read].split_inclusive(|&byte| byte == b'\n') {
            self.length += part.len();
            if self.length > LONGEST_LINE {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "expected lines of at most 64 KiB",
                ));
            }
            if part.ends_with(b"\n") {
                self.length = 0;
            }
        }
        Ok(read)
    }
}
