use paceline_core::{Demand, Dimension};
use paceline_sliding_window::Estimate;
use redis::ScriptInvocation;

use crate::{
    SharedLimit, Window,
    limit::Rule,
    span::{LARGEST, Span, Spans},
};

/// A limit as scripts count it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) key: String,
    /// Its place among the limits that were stated, counted from 1.
    pub(crate) place: usize,
    pub(crate) dimension: Dimension,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Gcra(Spans),
    Sliding {
        limit: u64,
        period: u64,
        weighted: bool,
    },
    Quota {
        limit: u64,
        /// In microseconds; 0 if the calendar says when windows end.
        period: u64,
        window: Window,
    },
}

/// What a process knows of a quota: the most that it saw granted and given back in a window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Known {
    /// When the window ends, by the server's clock, in microseconds.
    pub(crate) ends: u64,
    /// The life of the server's state in which it was seen.
    pub(crate) epoch: u64,
    pub(crate) granted: u64,
    pub(crate) given: u64,
}

/// What a question carries about one limit besides its cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    /// Cells that were spent without the store, and are to be charged.
    pub(crate) owed: u64,
    pub(crate) known: Known,
    pub(crate) boundaries: [u64; 3],
}

impl Plan {
    /// A limit as scripts count it, or `None` if it has no state.
    ///
    /// The limit must be valid.
    pub(crate) fn new(limit: &SharedLimit, place: usize, key: String) -> Option<Self> {
        if limit.is_constant() {
            return None;
        }
        let micros = |nanos: u128| u64::try_from(nanos / 1_000).unwrap_or(LARGEST);
        let kind = match &limit.rule {
            Rule::Gcra(quota) => Kind::Gcra(Spans::new(*quota)?),
            Rule::Sliding(quota, estimate) => Kind::Sliding {
                limit: quota.limit(),
                period: micros(quota.period().as_nanos()),
                weighted: *estimate == Estimate::Weighted,
            },
            Rule::Quota(cells, window) => Kind::Quota {
                limit: *cells,
                period: window
                    .period()
                    .map_or(0, |period| micros(period.as_nanos())),
                window: window.clone(),
            },
        };
        Some(Self {
            key,
            place,
            dimension: limit.dimension,
            kind,
        })
    }

    pub(crate) const fn cost(&self, demand: Demand) -> u64 {
        self.dimension.cost(demand)
    }

    pub(crate) const fn window(&self) -> Option<&Window> {
        match &self.kind {
            Kind::Quota { window, .. } => Some(window),
            _ => None,
        }
    }

    /// Adds the fields of a question. The cost must not exceed what the limit can ever admit.
    pub(crate) fn ask(
        &self,
        question: &mut ScriptInvocation<'_>,
        cost: u64,
        carried: Carried,
        hold: u64,
    ) {
        match &self.kind {
            Kind::Gcra(spans) => {
                // Debts end at one burst below empty.
                let owed = spans.of(carried.owed.min(spans.burst.saturating_mul(2)));
                question.arg("g");
                for span in [spans.of(cost), spans.room(cost), owed] {
                    add(question, span);
                }
                shape(question, spans);
            }
            Kind::Sliding {
                limit,
                period,
                weighted,
            } => {
                let owed = carried.owed.min(LARGEST);
                question.arg("s").arg(cost).arg(limit).arg(period);
                question.arg(u8::from(*weighted)).arg(owed);
            }
            Kind::Quota { limit, period, .. } => {
                let known = carried.known;
                question.arg("q").arg(cost).arg(limit).arg(period);
                question.arg(&carried.boundaries);
                question.arg(known.ends).arg(known.epoch);
                question.arg(known.granted).arg(known.given);
                question.arg(carried.owed.min(LARGEST)).arg(hold);
            }
        }
    }

    /// Adds the fields of giving cells back, of what `told` said when they were charged.
    pub(crate) fn give_back(
        &self,
        question: &mut ScriptInvocation<'_>,
        cells: u64,
        told: [u64; 4],
    ) {
        match &self.kind {
            Kind::Gcra(spans) => {
                question.arg("g");
                add(question, spans.of(cells));
                question.arg(told[0]);
                shape(question, spans);
            }
            Kind::Sliding { period, .. } => {
                question.arg("s").arg(cells).arg(period).arg(told[0]);
            }
            Kind::Quota { .. } => {
                question.arg("q").arg(cells).arg(told[0]).arg(told[1]);
            }
        }
    }
}

fn add(question: &mut ScriptInvocation<'_>, span: Span) {
    question.arg(span.micros).arg(span.part);
}

/// What a GCRA's state was written under: its burst, and the cells of it.
fn shape(question: &mut ScriptInvocation<'_>, spans: &Spans) {
    add(question, spans.of(spans.burst));
    question.arg(spans.parts).arg(spans.burst);
}
