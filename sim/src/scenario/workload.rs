//! Who asks: arrivals and sizes.

use std::{
    num::{NonZeroU32, NonZeroU64},
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    arrivals::Mmpp,
    clients::{Clients, Shape},
    latency::Latency,
    profile::Profile,
    raw_workload::RawWorkload,
    steps::Steps,
    tokens::{Multimodal, Tokens},
    units::{Correlation, Positive, PositiveSeconds, Seconds},
};

/// Requests of one kind: when they arrive, how large they are, and how urgent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawWorkload")]
#[schemars(with = "RawWorkload")]
pub struct Workload {
    /// Its name, for reports; required if there are several.
    pub name: String,
    /// How urgent its requests are, to strategies that care.
    pub priority: Priority,
    /// Which client of a strategy has each of its requests.
    pub assign: Assign,
    /// After so long a request is worthless, whatever the strategy; never, if absent.
    pub deadline_s: Option<PositiveSeconds>,
    /// After so long its user cancels; never, if absent.
    pub patience: Option<Latency>,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// How their rate follows the clock; not at all, if absent. Not for a batch or a trace.
    pub profile: Option<Profile>,
    /// Tokens that a request sends; required unless a trace brings them.
    pub input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace brings them.
    pub output_tokens: Option<Tokens>,
    /// How input and output tokens go together, from -1 to 1: the correlation of their normal scores,
    /// which of two lognormals is that of their logarithms; 0, if absent.
    pub correlation: Option<Correlation>,
    /// Pictures and sound that some requests bring beside text; none, if absent.
    pub multimodal: Option<Multimodal>,
    /// The cap on output tokens that every request declares; without it, each declares exactly the
    /// tokens that its answer will have.
    pub max_tokens: Option<u64>,
    /// Where its figures are from, for people.
    pub source: Option<String>,
    /// The date of its figures, for people.
    pub as_of: Option<String>,
    /// The licence of what its figures were found from, for people.
    pub licence: Option<String>,
}

impl Workload {
    /// The requests of a trace, each with a cap of exactly the tokens that its answer has.
    pub(super) fn of_trace(path: &Path) -> Self {
        Self {
            name: String::new(),
            priority: Priority::default(),
            assign: Assign::default(),
            deadline_s: None,
            patience: None,
            arrivals: Arrivals::Trace {
                path: path.to_owned(),
                rows: None,
                spread_s: None,
                speed: None,
            },
            profile: None,
            input_tokens: None,
            output_tokens: None,
            correlation: None,
            multimodal: None,
            max_tokens: None,
            source: None,
            as_of: None,
            licence: None,
        }
    }

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
        for (field, given) in [
            ("correlation", self.correlation.is_some()),
            ("multimodal", self.multimodal.is_some()),
        ] {
            if traced && given {
                return Err(format!("{field}: a trace brings its own sizes"));
            }
        }
        let drawn =
            !traced && !self.is_closed() && !matches!(self.arrivals, Arrivals::Batch { .. });
        if self.profile.is_some() && !drawn {
            return Err(
                "profile: expected arrivals at a rate, not a batch, a trace or sessions".to_owned(),
            );
        }
        if self.patience.as_ref().is_some_and(Latency::is_zero) {
            return Err(
                "patience: expected above 0, as nothing is ever answered at once".to_owned(),
            );
        }
        match &self.arrivals {
            // All of them are pending at once.
            Arrivals::Batch { jobs } if *jobs > 10_000_000 => Err(format!(
                "arrivals: expected at most 1e7 requests at once, found {jobs}"
            )),
            Arrivals::Clients(clients) => clients
                .validate()
                .map_err(|what| format!("arrivals.clients.{what}")),
            Arrivals::Closed { sessions, .. } if !(1..=1_000_000).contains(sessions) => Err(
                format!("arrivals: expected 1 to 1000000 sessions, found {sessions}"),
            ),
            // Else nothing ends, however long the scenario.
            Arrivals::Closed {
                think,
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

    /// Whether a request may be over before it succeeds, whatever the strategy.
    pub const fn may_end_early(&self) -> bool {
        self.deadline_s.is_some() || self.patience.is_some()
    }

    /// How many requests, or changes of state, to expect within so long; 0 if a trace or answers say so.
    #[expect(clippy::cast_precision_loss, reason = "compared with a round number")]
    pub(super) fn expected_requests(&self, duration: Duration) -> f64 {
        let most = self.profile.as_ref().map_or(1.0, Profile::most);
        let per_min = |rate: f64| rate * most * duration.as_secs_f64() / 60.0;
        match &self.arrivals {
            Arrivals::Batch { jobs } => *jobs as f64,
            Arrivals::Poisson { rate_per_min }
            | Arrivals::Gamma { rate_per_min, .. }
            | Arrivals::Weibull { rate_per_min, .. }
            | Arrivals::OnOff { rate_per_min, .. } => per_min(rate_per_min.get()),
            Arrivals::Mmpp(mmpp) => per_min(mmpp.mean_rate_per_min() + 60.0 * mmpp.changes_per_s()),
            Arrivals::Clients(clients) => {
                per_min(clients.rate_per_min.get() + 60.0 * clients.changes_per_s())
            }
            Arrivals::Steps(steps) => most * steps.expected_requests(duration),
            Arrivals::Closed {
                sessions,
                requests_per_session: Some(each),
                ..
            } => f64::from(*sessions) * f64::from(each.get()),
            Arrivals::Trace { .. } | Arrivals::Sessions { .. } | Arrivals::Closed { .. } => 0.0,
        }
    }
}

/// How urgent requests are.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Priority {
    /// Somebody waits: lets nobody pass.
    #[default]
    Interactive,
    /// Nobody waits: lets urgent requests pass for an hour.
    Batch,
    /// Lets urgent requests pass for so many seconds.
    YieldsForS(Seconds),
}

/// Which client of a strategy has each request, where there are several; a session keeps its client.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Assign {
    /// They take turns.
    #[default]
    InTurn,
    /// Each request has its lot, the same under every strategy: so of independent arrivals each client has
    /// independent ones too.
    AtRandom,
}

/// When requests arrive.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent arrivals at a steady rate.
    Poisson {
        /// The mean rate, in requests per minute.
        rate_per_min: Positive,
    },
    /// Gaps from a Gamma distribution: burstier than Poisson below shape 1, steadier above.
    Gamma {
        /// The mean rate, in requests per minute.
        rate_per_min: Positive,
        /// The shape; the gaps' coefficient of variation is its inverse square root.
        shape: Positive,
    },
    /// Gaps from a Weibull distribution: burstier than Poisson below shape 1, with a heavier tail than
    /// Gamma, and steadier above.
    Weibull {
        /// The mean rate.
        rate_per_min: Positive,
        /// The shape; 1 is Poisson.
        shape: Shape,
    },
    /// Independent arrivals at a rate that jumps from state to state (MMPP).
    Mmpp(Mmpp),
    /// Many clients, few of whom bring most requests, each with bursts of its own.
    Clients(Clients),
    /// Poisson arrivals during bursts, and none between them.
    OnOff {
        /// The rate during a burst, in requests per minute.
        rate_per_min: Positive,
        /// The mean length of a burst, in seconds; lengths are exponential.
        mean_on_s: PositiveSeconds,
        /// The mean silence between bursts, in seconds; lengths are exponential.
        mean_off_s: PositiveSeconds,
    },
    /// A rate that changes at stated times, as in a load test.
    Steps(Steps),
    /// A backlog: all requests are there at the start.
    Batch {
        /// How many requests, at most 10,000,000.
        #[schemars(range(max = 10_000_000))]
        jobs: u64,
    },
    /// Recorded arrivals.
    Trace {
        /// A file of arrivals and sizes, sorted by time and perhaps packed by gzip: CSV with the columns
        /// `arrival_ms,input_tokens,output_tokens`, or what Azure, BurstGPT and Mooncake publish; relative
        /// to the scenario's folder.
        path: PathBuf,
        /// Only its first requests, so many. If absent, all.
        rows: Option<NonZeroU64>,
        /// Moves each request to a later time by lot, within so many seconds, for traces whose stamps
        /// come in steps; 3 for Mooncake's. If absent, exactly as stamped.
        spread_s: Option<PositiveSeconds>,
        /// Replays it so many times as fast. If absent, once.
        speed: Option<Positive>,
    },
    /// Users or agents in closed loops: each asks again when its previous request has ended, by success or
    /// not, and it has thought. So whatever delays a request delays all later ones of its session.
    Closed {
        /// How many sessions.
        #[schemars(range(min = 1, max = 1_000_000))]
        sessions: u32,
        /// How long each thinks before each request but the first.
        think: Latency,
        /// After how many requests a session ends. If absent, never.
        requests_per_session: Option<NonZeroU32>,
        /// The sessions begin evenly spread over this time, in seconds.
        #[serde(default)]
        #[schemars(extend("default" = 0))]
        start_over_s: Seconds,
    },
    /// Recorded sessions in closed loops: each agent of each session asks again when its previous request
    /// has ended and it has thought for as long as recorded.
    Sessions {
        /// A CSV file with the columns
        /// `session,agent,seq,start_ms,input_tokens,output_tokens,api_ms,think_ms`, of at most a million
        /// rows; relative to the scenario's folder. An agent begins `start_ms` after its session.
        path: PathBuf,
        /// The sessions begin evenly spread over this time, in seconds.
        #[serde(default)]
        #[schemars(extend("default" = 0))]
        start_over_s: Seconds,
        /// Whether an answer takes as long as recorded, and not what the provider says.
        #[serde(default)]
        recorded_latency: bool,
    },
}
