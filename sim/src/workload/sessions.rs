use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{columns::Columns, trace::TraceError};

/// A recorded request of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// The client's delay before it, from the end of the previous response; for the first one, since the
    /// session began.
    pub think: Duration,
    /// How long its answer took.
    pub took: Duration,
    /// Tokens that it sent.
    pub input_tokens: u64,
    /// Tokens that it got back.
    pub output_tokens: u64,
}

/// More rows than this are not read: each takes 48 bytes until the run is over.
const MOST_ROWS: u64 = 1_000_000;

const COLUMNS: [&str; 6] = [
    "seq",
    "start_ms",
    "input_tokens",
    "output_tokens",
    "api_ms",
    "think_ms",
];

/// Reads the sessions of a trace, each agent of a session by itself, in the order of the file.
///
/// The header names at least `session`, `agent`, `seq`, `start_ms`, `input_tokens`, `output_tokens`, `api_ms`
/// and `think_ms`. Rows of several agents may be mixed; those of one are in order of `seq`. The whole file is
/// kept, so it may have a million rows at most.
///
/// # Errors
///
/// Fails if the file cannot be read, lacks a column, or has a row that is not a request or comes too early.
pub fn read_sessions(path: &Path) -> Result<Vec<Vec<Step>>, TraceError> {
    let mut rows = Columns::open(path, &["session", "agent"], &COLUMNS)?;
    let mut places = BTreeMap::new();
    let mut sessions: Vec<(u64, Vec<Step>)> = Vec::new();
    let mut count = 0;
    while let Some(([session, agent], [seq, start, input_tokens, output_tokens, api, think])) =
        rows.next()?
    {
        count += 1;
        if count > MOST_ROWS {
            return Err(rows.error(format!("expected at most {MOST_ROWS} rows of sessions")));
        }
        let next = sessions.len();
        let place = *places.entry((session, agent)).or_insert(next);
        if place == next {
            sessions.push((seq, Vec::new()));
        }
        let (last, steps) = &mut sessions[place];
        if !steps.is_empty() && seq <= *last {
            let what = format!("seq: expected rows of an agent in order, found {seq} after {last}");
            return Err(rows.error(what));
        }
        *last = seq;
        let think = if steps.is_empty() { start } else { think };
        steps.push(Step {
            think: Duration::from_millis(think),
            took: Duration::from_millis(api),
            input_tokens,
            output_tokens,
        });
    }
    Ok(sessions.into_iter().map(|(_, steps)| steps).collect())
}
