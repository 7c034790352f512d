use std::time::Duration;

use paceline_core::{Feedback, HintSource, Timestamp};

use super::{answer::Reads, dialect::Response};
use crate::scenario::{learning::Hears, retry::HintIn, strategy::Strategy};

/// What of a response reaches a client.
#[derive(Clone, Copy)]
pub(super) struct Hearing {
    hears: Hears,
    hint_in: HintIn,
    /// What it reads at all.
    pub(super) reads: Reads,
}

impl Hearing {
    pub(super) fn new(strategy: &Strategy) -> Self {
        let learns = strategy.learn && strategy.hears == Hears::All;
        let backoff = strategy.backoff.as_ref();
        Self {
            hears: strategy.hears,
            hint_in: backoff.map_or_else(HintIn::default, |it| it.hint_in),
            reads: if learns { Reads::All } else { Reads::Faults },
        }
    }

    /// Reads a response, as far as it is heard.
    pub(super) fn read(self, now: Timestamp, response: &Response) -> Feedback {
        if self.hears == Hears::Status {
            return paceline_wire::read(response.status, |_| None, b"", now);
        }
        let headers = paceline_wire::pairs(&response.headers);
        paceline_wire::read(response.status, headers, response.body.as_bytes(), now)
    }

    /// How long the response asks to wait, if the client looks there.
    pub(super) fn hint(self, now: Timestamp, feedback: &Feedback) -> Option<Duration> {
        let hint = feedback.hint?;
        let found = match self.hint_in {
            HintIn::Anywhere => true,
            HintIn::Headers => matches!(
                hint.source,
                HintSource::RetryAfterMs | HintSource::RetryAfter
            ),
        };
        found.then(|| hint.at.saturating_duration_since(now))
    }
}
