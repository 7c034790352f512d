//! Who asks: arrivals and sizes.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{
    latency::Latency,
    units::{NonNegative, Positive, PositiveSeconds, Seconds},
};

/// Requests of one kind: when they arrive, how large they are, and how urgent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name, for reports; required if there are several.
    #[serde(default)]
    pub name: String,
    /// How urgent its requests are, to strategies that care.
    #[serde(default)]
    pub priority: Priority,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Tokens that a request sends; required unless a trace brings them.
    pub input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace brings them.
    pub output_tokens: Option<Tokens>,
    /// The cap on output tokens that every request declares; without it, each declares exactly the
    /// tokens that its answer will have.
    pub max_tokens: Option<u64>,
}

impl Workload {
    /// What cannot be seen from one field alone.
    pub(super) fn validate(&self) -> Result<(), String> {
        let traced = matches!(
            self.arrivals,
            Arrivals::Trace { .. } | Arrivals::Sessions { .. }
        );
        for (field, tokens) in [
            ("input_tokens", &self.input_tokens),
            ("output_tokens", &self.output_tokens),
        ] {
            if traced && tokens.is_some() {
                return Err(format!("{field}: a trace brings its own"));
            }
            if !traced && tokens.is_none() {
                return Err(format!("{field}: expected it, as there is no trace"));
            }
        }
        match self.arrivals {
            // All of them are pending at once.
            Arrivals::Batch { jobs } if jobs > 10_000_000 => Err(format!(
                "arrivals: expected at most 1e7 requests at once, found {jobs}"
            )),
            Arrivals::Closed { sessions, .. } if !(1..=1_000_000).contains(&sessions) => Err(
                format!("arrivals: expected 1 to 1000000 sessions, found {sessions}"),
            ),
            // Else nothing ends, however long the scenario.
            Arrivals::Closed {
                ref think,
                requests_per_session: None,
                ..
            } if think.is_zero() => {
                Err("arrivals: expected `think` above 0 or `requests_per_session`".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether its requests come in closed loops.
    pub const fn is_closed(&self) -> bool {
        matches!(
            self.arrivals,
            Arrivals::Closed { .. } | Arrivals::Sessions { .. }
        )
    }

    /// How many requests to expect within so long; 0 if a trace says so.
    #[expect(clippy::cast_precision_loss, reason = "compared with a round number")]
    pub(super) fn expected_requests(&self, duration: Duration) -> f64 {
        match self.arrivals {
            Arrivals::Batch { jobs } => jobs as f64,
            Arrivals::Poisson { rate_per_min }
            | Arrivals::Gamma { rate_per_min, .. }
            | Arrivals::OnOff { rate_per_min, .. } => {
                rate_per_min.get() * duration.as_secs_f64() / 60.0
            }
            Arrivals::Closed {
                sessions,
                requests_per_session: Some(each),
                ..
            } => f64::from(sessions) * f64::from(each.get()),
            Arrivals::Trace { .. } | Arrivals::Sessions { .. } | Arrivals::Closed { .. } => 0.0,
        }
    }
}

/// How urgent requests are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Priority {
    /// Somebody waits: lets nobody pass.
    #[default]
    Interactive,
    /// Nobody waits: lets urgent requests pass for an hour.
    Batch,
    /// Lets urgent requests pass for so long.
    YieldsForS(Seconds),
}

/// When requests arrive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent arrivals at a steady rate.
    Poisson {
        /// The mean rate.
        rate_per_min: Positive,
    },
    /// Gaps from a Gamma distribution: burstier than Poisson below shape 1, steadier above.
    Gamma {
        /// The mean rate.
        rate_per_min: Positive,
        /// The shape; the gaps' coefficient of variation is its inverse square root.
        shape: Positive,
    },
    /// Poisson arrivals during bursts, and none between them.
    OnOff {
        /// The rate during a burst.
        rate_per_min: Positive,
        /// The mean length of a burst; lengths are exponential.
        mean_on_s: PositiveSeconds,
        /// The mean silence between bursts; lengths are exponential.
        mean_off_s: PositiveSeconds,
    },
    /// A backlog: all requests are there at the start.
    Batch {
        /// How many.
        jobs: u64,
    },
    /// Recorded arrivals.
    Trace {
        /// A CSV file with the columns `arrival_ms,input_tokens,output_tokens`, sorted by time;
        /// relative to the scenario's folder.
        path: PathBuf,
    },
    /// Users or agents in closed loops: each asks again when its previous request has ended, by success or
    /// not, and it has thought. So whatever delays a request delays all later ones of its session.
    Closed {
        /// How many, 1 to 1,000,000.
        sessions: u32,
        /// How long each thinks before each request but the first.
        think: Latency,
        /// After how many requests a session ends; never, if absent.
        requests_per_session: Option<NonZeroU32>,
        /// The sessions begin evenly spread over this time, in seconds; all at the start, if absent.
        #[serde(default)]
        start_over_s: Seconds,
    },
    /// Recorded sessions in closed loops: each agent of each session asks again when its previous request
    /// has ended and it has thought for as long as recorded.
    Sessions {
        /// A CSV file with the columns
        /// `session,agent,seq,start_ms,input_tokens,output_tokens,api_ms,think_ms`, of at most a million
        /// rows; relative to the scenario's folder. An agent begins `start_ms` after its session.
        path: PathBuf,
        /// The sessions begin evenly spread over this time, in seconds; all at the start, if absent.
        #[serde(default)]
        start_over_s: Seconds,
        /// Whether an answer takes as long as recorded, and not what the provider says.
        #[serde(default)]
        recorded_latency: bool,
    },
}

/// How many tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tokens {
    /// Always the same.
    Fixed(u64),
    /// Lognormal, rounded to whole tokens, at least 1.
    Lognormal {
        /// The median, in tokens.
        median: Positive,
        /// The standard deviation of the logarithm.
        sigma: NonNegative,
        /// No more than this.
        max: Option<u64>,
    },
}
