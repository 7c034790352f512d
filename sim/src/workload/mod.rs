//! The requests of a run, one after the other.

mod arrivals;
mod sizes;
mod trace;

use std::path::Path;

use paceline_core::Timestamp;

use crate::{
    engine::Streams,
    scenario::{Scenario, workload::Arrivals},
};
use arrivals::Gaps;
use sizes::Sizes;
pub use trace::{Row, Trace, TraceError};

/// A request that someone wants answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Job {
    /// Its place in the order of arrival.
    pub id: u64,
    /// When it arrives.
    pub at: Timestamp,
    /// Tokens that it sends.
    pub input_tokens: u64,
    /// Tokens that its answer has.
    pub output_tokens: u64,
    /// The cap on output tokens that it declares.
    pub max_tokens: u64,
}

/// The requests of one run in order of arrival, made as they are needed.
#[derive(Debug)]
pub struct Jobs {
    source: Source,
    start: Timestamp,
    end: Timestamp,
    max_tokens: Option<u64>,
    next_id: u64,
}

#[derive(Debug)]
enum Source {
    Drawn(Box<(Gaps, Sizes)>),
    Trace(Box<Trace>),
}

impl Jobs {
    /// Starts the arrivals of a scenario under these streams.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be opened or does not begin as one.
    pub fn start(scenario: &Scenario, streams: Streams) -> Result<Self, TraceError> {
        let workload = &scenario.workload;
        let start = scenario.start();
        let source = match &workload.arrivals {
            Arrivals::Trace { path } => Source::Trace(Box::new(Trace::open(path)?)),
            drawn => Source::Drawn(Box::new((
                Gaps::new(drawn, streams),
                Sizes::new(workload, streams),
            ))),
        };
        Ok(Self {
            source,
            start,
            end: start.saturating_add(scenario.duration()),
            max_tokens: workload.max_tokens,
            next_id: 0,
        })
    }

    /// Takes the next request, or `None` when no more arrive within the scenario.
    ///
    /// # Errors
    ///
    /// Fails on a row of a trace that is not a request.
    pub fn next_job(&mut self) -> Result<Option<Job>, TraceError> {
        let (offset, input_tokens, output_tokens) = match &mut self.source {
            Source::Drawn(drawn) => {
                let (gaps, sizes) = &mut **drawn;
                let Some(offset) = gaps.next() else {
                    return Ok(None);
                };
                let (input, output) = sizes.draw();
                (offset, input, output)
            }
            Source::Trace(trace) => match trace.next_row()? {
                Some(row) => (row.arrival, row.input_tokens, row.output_tokens),
                None => return Ok(None),
            },
        };
        let at = self.start.saturating_add(offset);
        if at >= self.end {
            return Ok(None);
        }
        let id = self.next_id;
        self.next_id += 1;
        let cap = self.max_tokens.unwrap_or(output_tokens);
        Ok(Some(Job {
            id,
            at,
            input_tokens,
            // A provider stops at the cap.
            output_tokens: output_tokens.min(cap),
            max_tokens: cap,
        }))
    }
}

/// Reads a whole trace once, so that a bad row is found before anything runs.
///
/// # Errors
///
/// Fails on the first thing in the file that is not a sorted trace of requests.
pub fn check_trace(path: &Path) -> Result<u64, TraceError> {
    let mut trace = Trace::open(path)?;
    let mut rows = 0;
    while trace.next_row()?.is_some() {
        rows += 1;
    }
    Ok(rows)
}
