use std::time::{Duration, UNIX_EPOCH};

use jiff::{civil::DateTime, tz::TimeZone};
use serde::Deserialize;

/// How a file writes requests down; told by its first line, never by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    /// Lines of commas below a header.
    Table {
        table: &'static Table,
        /// Where its columns are: time, input tokens, output tokens.
        places: [usize; 3],
    },
    /// An object a line, as Mooncake publishes them.
    Mooncake,
}

/// A kind of table that is known by the names of its columns.
#[derive(Debug)]
pub(super) struct Table {
    /// Who writes such tables.
    name: &'static str,
    /// Time, input tokens, output tokens.
    columns: [&'static str; 3],
    clock: Clock,
}

/// How a table writes time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Clock {
    /// Milliseconds since the start of the trace.
    Millis,
    /// Seconds since some moment.
    Seconds,
    /// Dates and times; of UTC, unless they have an offset.
    Calendar,
}

/// A request as a format writes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// When it arrived, on the clock of the file.
    pub(super) at: Duration,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

static TABLES: [Table; 3] = [
    Table {
        name: "Paceline",
        columns: ["arrival_ms", "input_tokens", "output_tokens"],
        clock: Clock::Millis,
    },
    Table {
        name: "Azure LLM",
        columns: ["TIMESTAMP", "ContextTokens", "GeneratedTokens"],
        clock: Clock::Calendar,
    },
    Table {
        name: "BurstGPT",
        columns: ["Timestamp", "Request tokens", "Response tokens"],
        clock: Clock::Seconds,
    },
];

impl Format {
    /// Tells the format by the first line of a file; `None` stands for an empty file.
    pub(super) fn detect(first: Option<&str>) -> Result<Self, String> {
        let first = first.unwrap_or_default();
        if first.starts_with('{') {
            return Ok(Self::Mooncake);
        }
        let header: Vec<&str> = first.split(',').map(bare).collect();
        let found = |table: &Table| {
            table
                .columns
                .map(|name| header.iter().position(|it| *it == name))
        };
        // A file of ours is the most likely one, where nothing fits.
        let mut closest = &TABLES[0];
        let known = |table: &Table| found(table).iter().flatten().count();
        for table in &TABLES {
            if let [Some(time), Some(input), Some(output)] = found(table) {
                return Ok(Self::Table {
                    table,
                    places: [time, input, output],
                });
            }
            if known(table) > known(closest) {
                closest = table;
            }
        }
        let missing = closest.columns.iter().zip(found(closest));
        let missing = missing.filter_map(|(name, place)| place.is_none().then_some(*name));
        let others: Vec<_> = TABLES.iter().map(Table::described).collect();
        Err(format!(
            "expected a header with the columns of {}, or Mooncake's JSON lines; found no `{}`",
            others.join(", of "),
            missing.collect::<Vec<_>>().join("`, `")
        ))
    }

    /// Whether its first line is a header.
    pub(super) const fn has_header(self) -> bool {
        matches!(self, Self::Table { .. })
    }

    /// Who writes such files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Table { table, .. } => table.name,
            Self::Mooncake => "Mooncake",
        }
    }

    /// Whether its clock starts with the trace; else the first request does.
    pub(super) fn starts_at_zero(self) -> bool {
        match self {
            Self::Table { table, .. } => table.clock == Clock::Millis,
            Self::Mooncake => true,
        }
    }

    /// Whether its clock counts from the Unix epoch.
    pub(super) fn has_dates(self) -> bool {
        matches!(self, Self::Table { table, .. } if table.clock == Clock::Calendar)
    }

    /// What it calls the time of a request.
    pub(super) const fn clock(self) -> &'static str {
        match self {
            Self::Table { table, .. } => table.columns[0],
            Self::Mooncake => "timestamp",
        }
    }

    /// A time as it writes it.
    pub(super) fn show(self, at: Duration) -> String {
        match self {
            Self::Table { table, .. } if table.clock == Clock::Seconds => {
                at.as_secs_f64().to_string()
            }
            Self::Table { table, .. } if table.clock == Clock::Calendar => {
                let at = jiff::Timestamp::try_from(UNIX_EPOCH + at);
                at.map_or_else(|err| err.to_string(), |at| at.to_string())
            }
            _ => at.as_millis().to_string(),
        }
    }

    /// Reads a request.
    pub(super) fn read(self, line: &str) -> Result<Entry, String> {
        match self {
            Self::Table { table, places } => table.read(line, places),
            Self::Mooncake => mooncake(line),
        }
    }
}

impl Table {
    fn described(&self) -> String {
        format!("{} (`{}`)", self.name, self.columns.join(","))
    }

    fn read(&self, line: &str, places: [usize; 3]) -> Result<Entry, String> {
        let mut fields = [""; 3];
        for (place, field) in line.split(',').enumerate() {
            for (wanted, kept) in places.iter().zip(&mut fields) {
                if *wanted == place {
                    *kept = bare(field);
                }
            }
        }
        let refuse = |column: usize, expected: &str| {
            let shown: String = fields[column].chars().take(40).collect();
            let name = self.columns[column];
            format!("{name}: expected {expected}, found `{shown}`")
        };
        let whole = |column: usize| {
            let number = fields[column].parse().ok();
            number.ok_or_else(|| refuse(column, "a whole number of 0 or above"))
        };
        let at = match self.clock {
            Clock::Millis => Duration::from_millis(whole(0)?),
            Clock::Seconds => {
                let seconds = fields[0].parse().ok().and_then(span);
                seconds.ok_or_else(|| refuse(0, "seconds of 0 or above"))?
            }
            Clock::Calendar => {
                let since = since_epoch(fields[0]);
                since.ok_or_else(|| refuse(0, "a time such as `2023-11-16 18:15:46.6805900`"))?
            }
        };
        Ok(Entry {
            at,
            input_tokens: whole(1)?,
            output_tokens: whole(2)?,
        })
    }
}

/// A line of Mooncake's, but for the hashes of its prompt's blocks.
#[derive(Deserialize)]
struct Mooncake {
    timestamp: f64,
    input_length: u64,
    output_length: u64,
}

fn mooncake(line: &str) -> Result<Entry, String> {
    let read: Mooncake = serde_json::from_str(line).map_err(|err| {
        let what = err.to_string();
        // The line within this line is 1, whatever it is in the file.
        let what = what.split(" at line ").next().unwrap_or_default();
        format!("expected an object with `timestamp`, `input_length` and `output_length`: {what}")
    })?;
    let at = span(read.timestamp / 1_000.0).ok_or_else(|| {
        format!(
            "timestamp: expected ms of 0 or above, found {}",
            read.timestamp
        )
    })?;
    Ok(Entry {
        at,
        input_tokens: read.input_length,
        output_tokens: read.output_length,
    })
}

/// A span of at most 1,000 years.
fn span(seconds: f64) -> Option<Duration> {
    let span = Duration::try_from_secs_f64(seconds).ok()?;
    (span.as_secs() < 31_557_600_000).then_some(span)
}

fn since_epoch(text: &str) -> Option<Duration> {
    let with_offset = text.parse::<jiff::Timestamp>().ok();
    let at = with_offset.or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    })?;
    Duration::try_from(at.as_duration()).ok()
}

/// A field without what may stand around it.
fn bare(field: &str) -> &str {
    field.trim().trim_matches('"')
}
