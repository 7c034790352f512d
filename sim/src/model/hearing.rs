use std::time::Duration;

use paceline_core::{Class, Feedback, HintSource, Timestamp};

use super::{
    answer::{Reads, Said},
    dialect::Response,
};
use crate::scenario::{learning::Hears, retry::HintIn, strategy::Strategy};

/// What of a response reaches a client.
#[derive(Clone, Copy)]
pub(crate) struct Hearing {
    hears: Hears,
    hint_in: HintIn,
    /// What it reads at all.
    pub(super) reads: Reads,
}

impl Hearing {
    pub(crate) fn new(strategy: &Strategy) -> Self {
        // The innermost layer reads the response.
        let backoff = strategy.backoff.first();
        Self {
            hears: strategy.hears,
            hint_in: backoff.map_or_else(HintIn::default, |it| it.hint_in),
            reads: match (strategy.hears, strategy.learn, &strategy.route) {
                (Hears::All, true, _) => Reads::All,
                // Who chooses among keys reads which limits a refusal is about.
                (Hears::All, false, None) => Reads::Gist,
                (Hears::All, false, Some(_)) | (Hears::Status, ..) => Reads::Faults,
            },
        }
    }

    /// Hears what was said.
    pub(super) fn hear(self, now: Timestamp, said: &Said) -> Feedback {
        match said {
            Said::Nothing => Feedback::new(Class::Ok),
            Said::Gist(gist) => gist.heard(now),
            Said::Words(response) => self.read(now, response),
        }
    }

    /// Reads a response, as far as it is heard.
    fn read(self, now: Timestamp, response: &Response) -> Feedback {
        if self.hears == Hears::Status {
            return status_alone(response.status, now);
        }
        let headers = paceline_wire::pairs(&response.headers);
        paceline_wire::read(response.status, headers, response.body.as_bytes(), now)
    }

    /// Hears a response that came over a network, as far as it is heard.
    pub(crate) fn hear_read(self, now: Timestamp, status: u16, all: Feedback) -> Feedback {
        match self.hears {
            Hears::Status => status_alone(status, now),
            Hears::All => all,
        }
    }

    /// How long the response asks to wait, if the client looks there.
    pub(crate) fn hint(self, now: Timestamp, feedback: &Feedback) -> Option<Duration> {
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

/// What a status says without headers and body.
fn status_alone(status: u16, now: Timestamp) -> Feedback {
    paceline_wire::read(status, |_| None, b"", now)
}
