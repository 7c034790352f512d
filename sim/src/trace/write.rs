use std::io::{self, Write};

use paceline_core::Timestamp;
use serde_json::json;

use super::{
    events::{Events, Failure},
    timeline::Timeline,
};
use crate::{
    engine::Streams,
    model::Run,
    names::Names,
    scenario::{Scenario, strategy::Strategy},
    workload::TraceError,
};

/// Which part of a run is written.
#[derive(Clone, Copy, Debug)]
pub struct Extract {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// The most events that it may have.
    pub most_events: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// How many trace events.
    pub events: u64,
}

/// Why a trace is not complete.
#[derive(Debug)]
pub enum TraceFailure {
    /// A recorded workload cannot be read.
    Workload(TraceError),
    /// It cannot be written.
    Write(io::Error),
    /// It would have more events than allowed from this time on.
    TooMany(Timestamp),
}

/// How often in an extract limits are read besides whenever a call touches them.
const READINGS: u32 = 2_000;

/// Writes one run in the JSON that Perfetto and Chrome read, as it happens.
///
/// # Errors
///
/// What was written until then is not a trace.
pub fn write_trace(
    scenario: &Scenario,
    strategy: &Strategy,
    streams: Streams,
    extract: Extract,
    out: impl Write,
) -> Result<Written, TraceFailure> {
    let (start, end) = (scenario.start(), extract.to.min(scenario.end()));
    let about = json!({
        "scenario": scenario.name,
        "strategy": strategy.name,
        "seed": scenario.seed,
    });
    let events = Events::begin(out, start, extract.most_events, &about);
    let clients = usize::try_from(strategy.clients.get()).unwrap_or(usize::MAX);
    let names = Names::new(scenario, strategy);
    let timeline = Timeline::new(events, names, extract.from, clients);
    let mut run =
        Run::start(scenario, strategy, streams, timeline).map_err(TraceFailure::Workload)?;

    let step = end.saturating_duration_since(extract.from) / READINGS;
    let mut reads_at = extract.from;
    while !run.observer().events.has_failed() {
        let next_at = run.next_at().unwrap_or(Timestamp::MAX);
        if reads_at < end && reads_at < next_at {
            run.observer_mut().advance(reads_at);
            let keys = 0..run.keys();
            read(&mut run, reads_at, keys);
            reads_at = match step {
                step if step.is_zero() => end,
                step => reads_at.saturating_add(step),
            };
            continue;
        }
        if next_at >= end || !run.step().map_err(TraceFailure::Workload)? {
            break;
        }
        let touched = run.observer_mut().touched();
        read(&mut run, next_at, touched.into_iter());
        run.observer_mut().count(next_at);
    }
    let ends_here = end == scenario.end();
    let events = if ends_here {
        // What is not done is told as the end of each request.
        run.finish().1
    } else {
        run.into_observer()
    };
    let written = events.finish(end).end();
    match written {
        Ok(events) => Ok(Written { events }),
        Err(Failure::Write(err)) => Err(TraceFailure::Write(err)),
        Err(Failure::TooMany(at)) => Err(TraceFailure::TooMany(at)),
    }
}

/// Reads what is left of the limits of these keys.
fn read<W: Write>(
    run: &mut Run<Timeline<'_, W>>,
    now: Timestamp,
    keys: impl Iterator<Item = usize>,
) {
    for key in keys {
        let cells: Vec<u64> = run.remaining(now, key).map(|it| it.cells).collect();
        run.observer_mut().left(now, key, &cells);
    }
}
