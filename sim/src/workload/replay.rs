use std::{cmp::Reverse, collections::BinaryHeap, num::NonZeroU64, path::Path, time::Duration};

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};

use super::{Row, Trace, TraceError};

/// The requests of a trace as a scenario wants them: the first ones, spread, and faster or slower.
#[derive(Debug)]
pub(super) struct Replay {
    trace: Trace,
    rows_left: u64,
    spread: Option<Spread>,
    speed: f64,
}

/// Requests that were moved to a later time by lot, and are still to come.
#[derive(Debug)]
struct Spread {
    step: Duration,
    rng: ChaCha8Rng,
    /// In the order of their new times; equal ones in the order of the trace.
    moved: BinaryHeap<Reverse<(Duration, u64, u64, u64)>>,
    rows: u64,
    /// No request that is still in the trace comes before this; `None` at its end.
    reached: Option<Duration>,
}

/// So many requests within one step of stamps are a mistake.
const MOST_MOVED: usize = 1_000_000;

impl Replay {
    /// Opens a trace.
    pub(super) fn open(
        path: &Path,
        rows: Option<NonZeroU64>,
        speed: Option<f64>,
        spread: Option<(Duration, ChaCha8Rng)>,
    ) -> Result<Self, TraceError> {
        Ok(Self {
            trace: Trace::open(path)?,
            rows_left: rows.map_or(u64::MAX, NonZeroU64::get),
            spread: spread.map(|(step, rng)| Spread {
                step,
                rng,
                moved: BinaryHeap::new(),
                rows: 0,
                reached: Some(Duration::ZERO),
            }),
            speed: speed.unwrap_or(1.0),
        })
    }

    /// The next request; `None` at the end, or beyond the timeline.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        let Some(mut row) = self.spread_row()? else {
            return Ok(None);
        };
        if self.speed != 1.0 {
            let arrival_s = row.arrival.as_secs_f64() / self.speed;
            match Duration::try_from_secs_f64(arrival_s) {
                Ok(arrival) => row.arrival = arrival,
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(row))
    }

    /// An error on the line that was read last.
    pub(super) fn error(&self, what: &str) -> TraceError {
        self.trace.error(what)
    }

    fn recorded(&mut self) -> Result<Option<Row>, TraceError> {
        if self.rows_left == 0 {
            return Ok(None);
        }
        self.rows_left -= 1;
        self.trace.next_row()
    }

    fn spread_row(&mut self) -> Result<Option<Row>, TraceError> {
        loop {
            let Some(spread) = &mut self.spread else {
                return self.recorded();
            };
            if let Some(row) = spread.take() {
                return Ok(Some(row));
            }
            if spread.reached.is_none() {
                return Ok(None);
            }
            let full = spread.moved.len() >= MOST_MOVED;
            let row = self.recorded()?;
            if row.is_some() && full {
                let what = format!("expected at most {MOST_MOVED} requests within spread_s");
                return Err(self.trace.error(what));
            }
            if let Some(spread) = &mut self.spread {
                spread.put(row);
            }
        }
    }
}

impl Spread {
    /// The next request, if none that is still in the trace can come before it.
    fn take(&mut self) -> Option<Row> {
        let Reverse((first, ..)) = self.moved.peek()?;
        if self.reached.is_some_and(|reached| reached < *first) {
            return None;
        }
        let Reverse((arrival, _, input_tokens, output_tokens)) = self.moved.pop()?;
        Some(Row {
            arrival,
            input_tokens,
            output_tokens,
        })
    }

    fn put(&mut self, row: Option<Row>) {
        self.reached = row.map(|row| row.arrival);
        if let Some(row) = row {
            let lot: f64 = StandardUniform.sample(&mut self.rng);
            let at = row.arrival.saturating_add(self.step.mul_f64(lot));
            self.moved.push(Reverse((
                at,
                self.rows,
                row.input_tokens,
                row.output_tokens,
            )));
            self.rows += 1;
        }
    }
}
