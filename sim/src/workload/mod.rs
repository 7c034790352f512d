//! The requests of a run, one after the other.

mod arrivals;
mod clients;
mod columns;
mod modulated;
mod profile;
mod renewal;
mod replay;
mod sessions;
mod size;
mod sizes;
mod stepped;
mod trace;

use std::{mem, path::Path};

use paceline_core::Timestamp;
use rand_chacha::ChaCha8Rng;

use crate::{
    engine::Streams,
    scenario::{
        Scenario,
        units::Positive,
        workload::{Arrivals, Workload},
    },
};
use arrivals::Gaps;
use replay::Replay;
pub use sessions::{Step, read_sessions};
use sizes::Sizes;
pub use trace::{Row, Trace, TraceError};

/// A request that someone wants answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Job {
    /// Its place in the order of arrival.
    pub id: u64,
    /// The place of its workload in the scenario, counted from 0.
    pub workload: u32,
    /// When it arrives.
    pub at: Timestamp,
    /// Tokens that it sends.
    pub input_tokens: u64,
    /// Tokens that its answer has.
    pub output_tokens: u64,
    /// The cap on output tokens that it declares.
    pub max_tokens: u64,
}

/// Marks the numbers of requests in closed loops.
const IN_SESSION: u64 = 1 << 63;

impl Job {
    /// The number of a request of a session, by its place there; both are below 2^31.
    pub const fn id_in_session(session: u32, place: u32) -> u64 {
        IN_SESSION | (place as u64) << 32 | session as u64
    }

    /// One of a token each way, at the beginning of time.
    #[cfg(test)]
    pub(crate) const fn smallest(id: u64) -> Self {
        Self {
            id,
            workload: 0,
            at: Timestamp::EPOCH,
            input_tokens: 1,
            output_tokens: 1,
            max_tokens: 1,
        }
    }

    /// The session that it belongs to, if it was asked in a closed loop.
    pub const fn session(&self) -> Option<u32> {
        if self.id < IN_SESSION {
            return None;
        }
        Some((self.id & 0xFFFF_FFFF) as u32)
    }
}

/// The tokens of one request of a workload, drawn from a stream of its own.
pub(crate) fn size(workload: &Workload, rng: ChaCha8Rng, pictures: ChaCha8Rng) -> (u64, u64) {
    Sizes::new(workload, rng, pictures).draw()
}

/// The requests of one run in order of arrival, made as they are needed.
#[derive(Debug)]
pub struct Jobs {
    sources: Vec<Source>,
    start: Timestamp,
    end: Timestamp,
    next_id: u64,
}

/// The requests of one workload, of which the next one is known.
#[derive(Debug)]
struct Source {
    kind: Kind,
    max_tokens: Option<u64>,
    next: Option<Row>,
}

#[derive(Debug)]
enum Kind {
    Drawn(Box<(Gaps, Sizes)>),
    Trace(Box<Replay>),
}

impl Jobs {
    /// Starts the arrivals of a scenario under these streams.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be opened or does not begin as one.
    pub fn start(scenario: &Scenario, streams: Streams) -> Result<Self, TraceError> {
        let times = (scenario.start(), scenario.end());
        Self::of(scenario.workloads.iter(), times, streams)
    }

    /// Starts the arrivals of these workloads between two times.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be opened or does not begin as one.
    pub fn of<'a>(
        workloads: impl Iterator<Item = &'a Workload>,
        (start, end): (Timestamp, Timestamp),
        streams: Streams,
    ) -> Result<Self, TraceError> {
        let workloads = workloads.zip(0_u64..);
        let sources =
            workloads.map(|(workload, index)| Source::start(workload, index, start, streams));
        Ok(Self {
            sources: sources.collect::<Result<_, _>>()?,
            start,
            end,
            next_id: 0,
        })
    }

    /// Takes the next request, or `None` when no more arrive within the scenario.
    ///
    /// # Errors
    ///
    /// Fails on a row of a trace that is not a request.
    pub fn next_job(&mut self) -> Result<Option<Job>, TraceError> {
        let pending = self
            .sources
            .iter_mut()
            .zip(0_u32..)
            .filter_map(|(source, index)| {
                let arrival = source.next.as_ref()?.arrival;
                Some((arrival, index, source))
            });
        // Equal times go by the order of workloads.
        let earliest = pending.min_by_key(|&(arrival, index, _)| (arrival, index));
        let Some((arrival, workload, source)) = earliest else {
            return Ok(None);
        };
        let at = self.start.saturating_add(arrival);
        if at >= self.end {
            return Ok(None);
        }
        let Some(row) = source.take()? else {
            return Ok(None);
        };
        let id = self.next_id;
        self.next_id += 1;
        let cap = source.max_tokens.unwrap_or(row.output_tokens);
        Ok(Some(Job {
            id,
            workload,
            at,
            input_tokens: row.input_tokens,
            // A provider stops at the cap.
            output_tokens: row.output_tokens.min(cap),
            max_tokens: cap,
        }))
    }

    /// What is wrong where a request of this workload arrives, if a trace brought it; none if it was drawn.
    pub(crate) fn error(&self, workload: u32, what: &str) -> Option<TraceError> {
        match &self.sources.get(workload as usize)?.kind {
            Kind::Drawn(_) => None,
            Kind::Trace(trace) => Some(trace.error(what)),
        }
    }
}

impl Source {
    fn start(
        workload: &Workload,
        index: u64,
        start: Timestamp,
        streams: Streams,
    ) -> Result<Self, TraceError> {
        let stream = |name| numbered(streams, name, index);
        let kind = match &workload.arrivals {
            Arrivals::Trace {
                path,
                rows,
                spread_s,
                speed,
            } => {
                let spread = spread_s.map(|step| (step.get(), stream("spread")));
                let speed = speed.map(Positive::get);
                Kind::Trace(Box::new(Replay::open(path, *rows, speed, spread)?))
            }
            _ => Kind::Drawn(Box::new((
                Gaps::new(workload, start, stream("arrivals")),
                Sizes::new(workload, stream("sizes"), stream("multimodal")),
            ))),
        };
        let mut source = Self {
            kind,
            max_tokens: workload.max_tokens,
            next: None,
        };
        source.take()?;
        Ok(source)
    }

    /// Takes the next request and looks for the one after it.
    fn take(&mut self) -> Result<Option<Row>, TraceError> {
        let following = match &mut self.kind {
            Kind::Drawn(drawn) => {
                let (gaps, sizes) = &mut **drawn;
                gaps.next().map(|arrival| {
                    let (input_tokens, output_tokens) = sizes.draw();
                    Row {
                        arrival,
                        input_tokens,
                        output_tokens,
                    }
                })
            }
            Kind::Trace(trace) => trace.next_row()?,
        };
        Ok(mem::replace(&mut self.next, following))
    }
}

/// The stream of this name for one of the workloads.
///
/// The first one's has no number, so that a second workload leaves its requests as they are.
fn numbered(streams: Streams, name: &str, workload: u64) -> ChaCha8Rng {
    match workload {
        0 => streams.named(name),
        other => streams.numbered(name, &[other]),
    }
}

/// Reads everything that a scenario replays once, so that a bad row is found before anything runs.
///
/// # Errors
///
/// Fails on the first thing in a file that is not a sorted trace of requests, or of sessions.
pub fn check_traces(scenario: &Scenario) -> Result<(), TraceError> {
    for trace in scenario.traces() {
        check_trace(trace)?;
    }
    for trace in scenario.session_traces() {
        read_sessions(trace)?;
    }
    Ok(())
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
