use std::path::{Path, PathBuf};

use super::trace::{Lines, TraceError};

/// What is wanted of a row.
pub(super) type Fields<const TEXTS: usize, const NUMBERS: usize> =
    ([String; TEXTS], [u64; NUMBERS]);

/// The fields of a CSV file that are wanted, row by row: some texts, and some numbers.
pub(super) struct Columns<const TEXTS: usize, const NUMBERS: usize> {
    path: PathBuf,
    lines: Lines,
    texts: [usize; TEXTS],
    numbers: [(usize, &'static str); NUMBERS],
    rows: u64,
}

impl<const TEXTS: usize, const NUMBERS: usize> Columns<TEXTS, NUMBERS> {
    /// Opens a file, which may be packed by gzip, and finds its columns.
    pub(super) fn open(
        path: &Path,
        texts: &[&'static str; TEXTS],
        numbers: &[&'static str; NUMBERS],
    ) -> Result<Self, TraceError> {
        let fail = |line, what: String| TraceError {
            path: path.to_owned(),
            line,
            what,
        };
        let at_first = |err: std::io::Error| fail(Some(1), err.to_string());
        let mut lines = Lines::open(path).map_err(|err| fail(None, err.to_string()))?;
        lines.advance().map_err(at_first)?;
        let header = lines.text().map_err(at_first)?;
        let find = |name: &'static str| {
            let found = header.split(',').position(|field| bare(field) == name);
            found.ok_or_else(|| {
                let all: Vec<_> = texts.iter().chain(numbers).copied().collect();
                let all = all.join(",");
                let what = format!("expected a header with the columns {all}, found no `{name}`");
                fail(Some(1), what)
            })
        };
        let mut places = [0; TEXTS];
        for (place, name) in places.iter_mut().zip(texts) {
            *place = find(name)?;
        }
        let mut wanted = [(0, ""); NUMBERS];
        for (place, name) in wanted.iter_mut().zip(numbers) {
            *place = (find(name)?, name);
        }
        Ok(Self {
            path: path.to_owned(),
            lines,
            texts: places,
            numbers: wanted,
            rows: 0,
        })
    }

    /// The wanted fields of the next row.
    pub(super) fn next(&mut self) -> Result<Option<Fields<TEXTS, NUMBERS>>, TraceError> {
        let more = self.lines.advance();
        if !more.map_err(|err| self.error(err.to_string()))? {
            return match self.rows {
                0 => Err(self.error("expected at least one row below the header".to_owned())),
                _ => Ok(None),
            };
        }
        self.rows += 1;
        let row = self
            .lines
            .text()
            .map_err(|err| self.error(err.to_string()))?;
        let field = |place: usize| bare(row.split(',').nth(place).unwrap_or_default());
        let texts = self.texts.map(|place| field(place).to_owned());
        let mut numbers = [0; NUMBERS];
        for (number, (place, name)) in numbers.iter_mut().zip(self.numbers) {
            let text = field(place);
            *number = text.parse().map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                self.error(format!(
                    "{name}: expected a whole number of 0 or above, found `{shown}`"
                ))
            })?;
        }
        Ok(Some((texts, numbers)))
    }

    /// What is wrong with the row that was read last.
    pub(super) fn error(&self, what: String) -> TraceError {
        TraceError {
            path: self.path.clone(),
            line: Some(self.lines.number()),
            what,
        }
    }
}

/// A field without white space and quotes around it.
fn bare(field: &str) -> &str {
    field.trim().trim_matches('"')
}
