//! Which hint counts.

use core::time::Duration;

use paceline_core::{Class, Hint, HintSource, LimitReading, Timestamp};

use crate::{
    body::Body,
    family::until,
    prose::{self, When},
    received::{Received, Unit},
    unified::Unified,
};

/// Everything in a response that says when to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hints {
    /// From the headers made for it.
    header: Option<Hint>,
    structured: Option<Timestamp>,
    prose: Option<Timestamp>,
    /// Which of these names the point in time at which the limit itself resets.
    resets: Option<HintSource>,
}

impl Hints {
    pub(crate) fn read(
        header: Option<Hint>,
        body: &Body,
        unified: Unified,
        received: Received,
    ) -> Self {
        let span = body.retry_after.map(|span| received.after(span));
        let moment = || received.read(body.resets_at.as_deref()?, Unit::Seconds);
        let mut structured = span.or_else(moment);
        let mut header = header;
        let mut resets = None;
        if span.is_none() && structured.is_some() {
            resets = Some(HintSource::Structured);
        }
        if unified.rejected && unified.reset_at > header.map(|hint| hint.at) {
            // A subscription's `retry-after` may be minutes where its window ends in hours.
            (header, structured) = (None, unified.reset_at.max(structured));
            resets = Some(HintSource::Structured);
        }
        let when = prose::read(&body.text);
        let prose = when.map(|when| match when {
            When::After(span) => received.after(span),
            When::At(at) => received.at(at),
        });
        Self {
            header,
            structured,
            prose,
            resets: match when {
                Some(When::At(_)) if resets.is_none() => Some(HintSource::Prose),
                _ => resets,
            },
        }
    }

    /// What the response says outright, the preferred first.
    fn said(&self) -> impl Iterator<Item = Hint> {
        let (mut structured, prose) = (self.structured, self.prose);
        if let (Some(field), Some(sentence)) = (structured, prose) {
            // Google rounds the field down to seconds; the sentence has the rest.
            let rest = sentence.saturating_duration_since(field);
            if rest > Duration::ZERO && rest < Duration::from_secs(1) {
                structured = None;
            }
        }
        let of = |at: Option<Timestamp>, source| at.map(|at| Hint { at, source });
        self.header
            .into_iter()
            .chain(of(structured, HintSource::Structured))
            .chain(of(prose, HintSource::Prose))
    }

    /// How long it says outright to stay away, in nanoseconds.
    pub(crate) fn wait(&self, received: Received) -> Option<u128> {
        Some(until(self.said().next()?.at, received).as_nanos())
    }

    /// The hint that counts for a response of this class.
    ///
    /// Waiting cures neither a request that is too large nor a bill. A quota of a day or a month is not
    /// cured in minutes, whatever the response says: then it is when the quota resets, if that is known.
    pub(crate) fn choose(
        &self,
        class: Class,
        limits: &[LimitReading],
        received: Received,
    ) -> Option<Hint> {
        let waits = match class {
            Class::Ok | Class::TooLarge | Class::Billing => return None,
            Class::Quota => LEAST_FOR_A_QUOTA,
            _ => Duration::ZERO,
        };
        let is_enough =
            |hint: &Hint| Some(hint.source) == self.resets || until(hint.at, received) >= waits;
        self.said().find(is_enough).or_else(|| {
            if !matches!(class, Class::Pace | Class::Quota) {
                return None;
            }
            let exhausted = limits.iter().filter(|reading| reading.is_exhausted());
            // The request must conform to all of them.
            let at = exhausted.filter_map(|reading| reading.reset_at).max()?;
            Some(Hint {
                at,
                source: HintSource::Reset,
            })
        })
    }
}

/// Below this, a hint is taken to be about pace: Google sends 38 s along with a quota of a day.
///
/// To give up on the last five minutes of a day costs little; to ask all day every 38 s costs much.
const LEAST_FOR_A_QUOTA: Duration = Duration::from_secs(300);
