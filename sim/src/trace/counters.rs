use std::io::Write;

use paceline_core::Timestamp;

use super::{events::Events, phase::Phase, tracks::Tracks};
use crate::names::Names;

/// Numbers that change over time, written when they do.
pub(super) struct Counters {
    /// How many requests wait, and how many calls are under way.
    now: [u64; 2],
    written: [Option<u64>; 2],
    /// What was last written of the limits of each key.
    left: Vec<Vec<Option<u64>>>,
}

const NAMES: [&str; 2] = ["requests waiting", "calls in flight"];

impl Counters {
    pub(super) fn new(keys: usize) -> Self {
        Self {
            now: [0; 2],
            written: [None; 2],
            left: vec![Vec::new(); keys],
        }
    }

    /// Takes note that a request enters a phase.
    pub(super) fn enter(&mut self, phase: &Phase) {
        if let Some(count) = self.of(phase) {
            *count = count.saturating_add(1);
        }
    }

    /// Takes note that a request leaves a phase.
    pub(super) fn leave(&mut self, phase: &Phase) {
        if let Some(count) = self.of(phase) {
            *count = count.saturating_sub(1);
        }
    }

    fn of(&mut self, phase: &Phase) -> Option<&mut u64> {
        match phase {
            Phase::Waiting(_) => Some(&mut self.now[0]),
            Phase::Going { .. } | Phase::Call { .. } => Some(&mut self.now[1]),
            _ => None,
        }
    }

    /// Writes how many wait and are under way.
    pub(super) fn write<W: Write>(&mut self, now: Timestamp, events: &mut Events<W>) {
        for ((count, written), name) in self.now.iter().zip(&mut self.written).zip(NAMES) {
            if *written != Some(*count) {
                events.counter(now, Tracks::ALL, name, *count);
                *written = Some(*count);
            }
        }
    }

    /// Writes what is left of the limits of a key, whose process this is.
    pub(super) fn write_left<W: Write>(
        &mut self,
        now: Timestamp,
        (key, process): (usize, u64),
        cells: &[u64],
        names: &Names<'_>,
        events: &mut Events<W>,
    ) {
        let written = &mut self.left[key];
        written.resize(cells.len(), None);
        let rates = names.limits(now, key).zip(cells).zip(written);
        for (place, ((rate, &cells), written)) in rates.enumerate() {
            if *written != Some(cells) {
                // Limits change in number, and not in kind.
                let name = format!("left of limit {}: {}/{}", place + 1, rate.counts, rate.per);
                events.counter(now, process, &name, cells);
                *written = Some(cells);
            }
        }
    }
}
