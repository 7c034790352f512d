use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use paceline_core::Timestamp;

use super::view::clock;
use crate::{
    model::{End, Happening, Observer, Outcome},
    names::Names,
    report::format::seconds,
};

/// What has been seen of one run.
pub(super) struct Seen<'a> {
    names: Names<'a>,
    start: Timestamp,
    bin: Duration,
    /// Requests that are not over.
    open: BTreeMap<u64, Place>,
    pub(super) counts: Counts,
    /// Requests completed, by bin of time.
    pub(super) completed: Vec<u64>,
    /// The latest refusals, the last one first.
    refusals: VecDeque<Refused>,
    /// The latest time at which a gate opens that was closed.
    pub(super) gate_opens_at: Timestamp,
}

/// A call that was refused.
struct Refused {
    at: Timestamp,
    id: u64,
    what: String,
    /// How long the client is asked to stay away, once it knows.
    hint: Option<Duration>,
}

/// Numbers of requests and calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) waiting: u64,
    pub(super) in_flight: u64,
    pub(super) arrived: u64,
    pub(super) completed: u64,
    pub(super) given_up: u64,
    pub(super) refused: u64,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Waiting,
    InFlight,
    Elsewhere,
}

/// More than any screen shows.
const LOG: usize = 200;

impl<'a> Seen<'a> {
    pub(super) fn new(names: Names<'a>, start: Timestamp, bin: Duration) -> Self {
        Self {
            names,
            start,
            bin,
            open: BTreeMap::new(),
            counts: Counts::default(),
            completed: Vec::new(),
            refusals: VecDeque::new(),
            gate_opens_at: Timestamp::EPOCH,
        }
    }

    pub(super) const fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// The bins of time until now, of which the last one goes on.
    pub(super) fn bins(&self, now: Timestamp) -> usize {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let bin = elapsed / self.bin.as_nanos().max(1);
        usize::try_from(bin).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// The latest refusals in words, the last one first.
    pub(super) fn refusals(&self) -> Vec<String> {
        let in_words = |refused: &Refused| {
            let at = clock(refused.at.saturating_duration_since(self.start));
            let wait = refused.hint.map_or_else(String::new, |hint| {
                format!(", wait {}", seconds(hint.as_secs_f64()))
            });
            format!("{at} #{} {}{wait}", refused.id, refused.what)
        };
        self.refusals.iter().map(in_words).collect()
    }

    fn put(&mut self, id: u64, place: Option<Place>) {
        let before = match place {
            Some(place) => self.open.insert(id, place),
            None => self.open.remove(&id),
        };
        for (place, add) in [(before, false), (place, true)] {
            let count = match place {
                Some(Place::Waiting) => &mut self.counts.waiting,
                Some(Place::InFlight) => &mut self.counts.in_flight,
                _ => continue,
            };
            *count = if add {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
        }
    }

    fn end(&mut self, now: Timestamp, id: u64, end: End) {
        self.put(id, None);
        match end {
            End::Completed => {
                self.counts.completed += 1;
                let bins = self.bins(now);
                self.completed.resize(bins, 0);
                self.completed[bins - 1] += 1;
            }
            End::GivenUp(_) | End::TooLate | End::Cancelled => self.counts.given_up += 1,
            End::Unfinished => {}
        }
    }
}

impl Observer for Seen<'_> {
    fn see(&mut self, now: Timestamp, what: &Happening<'_>) {
        match *what {
            Happening::Arrives { job, .. } => {
                self.counts.arrived += 1;
                self.put(job.id, Some(Place::Elsewhere));
            }
            Happening::Queues { id, .. } => self.put(id, Some(Place::Waiting)),
            Happening::Sent { id, .. } => self.put(id, Some(Place::InFlight)),
            Happening::HungUp { id, .. } => self.put(id, Some(Place::Elsewhere)),
            Happening::Decided {
                id,
                key,
                outcome,
                refused_by,
                ..
            } => {
                if matches!(outcome, Outcome::Refused | Outcome::TooLarge) {
                    self.counts.refused += 1;
                    let limit = refused_by.map_or_else(
                        || "calls under way".to_owned(),
                        |place| self.names.limit(now, key, place),
                    );
                    let key = match self.names.keys() {
                        1 => String::new(),
                        _ => format!("{}: ", self.names.key(key)),
                    };
                    self.refusals.push_front(Refused {
                        at: now,
                        id,
                        what: format!("{key}{limit}"),
                        hint: None,
                    });
                    self.refusals.truncate(LOG);
                }
            }
            Happening::Answered {
                id, outcome, hint, ..
            } => {
                self.put(id, Some(Place::Elsewhere));
                if outcome == Outcome::Refused
                    && let Some(refused) = self.refusals.iter_mut().find(|it| it.id == id)
                {
                    refused.hint = hint;
                }
            }
            Happening::GateCloses { opens_at, .. } => {
                self.gate_opens_at = self.gate_opens_at.max(opens_at);
            }
            Happening::Ends { id, end } => self.end(now, id, end),
            _ => {}
        }
    }
}
