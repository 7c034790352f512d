use std::{
    fs,
    path::{Path, PathBuf},
};

use csv::StringRecord;

use super::trace::{ShortLines, TraceError, explain};

/// What is wanted of a row.
pub(super) type Fields<const TEXTS: usize, const NUMBERS: usize> =
    ([String; TEXTS], [u64; NUMBERS]);

/// The fields of a CSV file that are wanted, row by row: some texts, and some numbers.
pub(super) struct Columns<const TEXTS: usize, const NUMBERS: usize> {
    path: PathBuf,
    reader: csv::Reader<ShortLines<fs::File>>,
    texts: [usize; TEXTS],
    numbers: [(usize, &'static str); NUMBERS],
    row: StringRecord,
    rows: u64,
}

impl<const TEXTS: usize, const NUMBERS: usize> Columns<TEXTS, NUMBERS> {
    /// Opens a file and finds its columns.
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
        let file = fs::File::open(path).map_err(|err| fail(None, err.to_string()))?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .quoting(false)
            .trim(csv::Trim::All)
            .from_reader(ShortLines::new(file));
        let header = reader
            .headers()
            .map_err(|err| fail(Some(1), explain(&err)))?
            .clone();
        let find = |name: &'static str| {
            let same = |field: &str| field.trim_matches(['\u{feff}', '"']) == name;
            let found = header.iter().position(same);
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
            reader,
            texts: places,
            numbers: wanted,
            row: StringRecord::new(),
            rows: 0,
        })
    }

    /// The wanted fields of the next row.
    pub(super) fn next(&mut self) -> Result<Option<Fields<TEXTS, NUMBERS>>, TraceError> {
        let more = self.reader.read_record(&mut self.row);
        let more = more.map_err(|err| self.error(explain(&err)))?;
        if !more {
            return match self.rows {
                0 => Err(self.error("expected at least one row below the header".to_owned())),
                _ => Ok(None),
            };
        }
        self.rows += 1;
        let field = |place: usize| self.row.get(place).unwrap_or_default().trim_matches('"');
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
            line: self.row.position().map(csv::Position::line),
            what,
        }
    }
}
