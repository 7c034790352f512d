//! Who asks: arrivals and sizes.

use std::{
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{
    arrivals::{Clients, Mmpp, Shape},
    presets,
    profile::Profile,
    steps::Steps,
    tokens::{Multimodal, Tokens},
    units::{Correlation, Positive, PositiveSeconds, Seconds},
};

/// Requests of one kind: when they arrive, how large they are, and how urgent.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawWorkload")]
pub struct Workload {
    /// Its name, for reports; required if there are several.
    pub name: String,
    /// How urgent its requests are, to strategies that care.
    pub priority: Priority,
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

/// The fields of a workload as they stand in the file: what is absent comes from the preset.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorkload {
    pub(super) preset: Option<String>,
    pub(super) name: Option<String>,
    pub(super) priority: Option<Priority>,
    pub(super) arrivals: Option<Arrivals>,
    pub(super) rate_per_min: Option<Positive>,
    pub(super) profile: Option<Profile>,
    pub(super) input_tokens: Option<Tokens>,
    pub(super) output_tokens: Option<Tokens>,
    pub(super) correlation: Option<Correlation>,
    pub(super) multimodal: Option<Multimodal>,
    pub(super) max_tokens: Option<u64>,
    pub(super) source: Option<String>,
    pub(super) as_of: Option<String>,
    pub(super) licence: Option<String>,
}

impl TryFrom<RawWorkload> for Workload {
    type Error = String;

    fn try_from(raw: RawWorkload) -> Result<Self, String> {
        let base: Option<Self> = match &raw.preset {
            Some(name) => Some(presets::WORKLOADS.load(name)?),
            None => None,
        };
        let own = raw.arrivals.is_some();
        let of_base = base.as_ref().map(|base| base.arrivals.clone());
        let mut arrivals = raw.arrivals.or(of_base).ok_or("missing field `arrivals`")?;
        if let Some(rate_per_min) = raw.rate_per_min {
            if own {
                return Err(
                    "rate_per_min: it is for a preset's arrivals; `arrivals` have their own"
                        .to_owned(),
                );
            }
            arrivals = arrivals.at_rate(rate_per_min)?;
        }
        // Sizes of a preset do not go with a trace, nor a profile with arrivals of the scenario's own.
        let traced = matches!(arrivals, Arrivals::Trace { .. });
        let clocked = base.as_ref().filter(|_| !own);
        let sized = base.as_ref().filter(|_| !traced);
        let (input, output) = (&raw.input_tokens, &raw.output_tokens);
        let both = sized.filter(|_| input.is_none() && output.is_none());
        let base = base.as_ref();
        Ok(Self {
            name: raw.name.or(raw.preset).unwrap_or_default(),
            priority: raw
                .priority
                .or_else(|| base.map(|it| it.priority))
                .unwrap_or_default(),
            profile: raw.profile.or_else(|| clocked?.profile.clone()),
            correlation: raw.correlation.or_else(|| both?.correlation),
            multimodal: raw.multimodal.or_else(|| sized?.multimodal.clone()),
            input_tokens: raw.input_tokens.or_else(|| sized?.input_tokens.clone()),
            output_tokens: raw.output_tokens.or_else(|| sized?.output_tokens.clone()),
            max_tokens: raw.max_tokens.or_else(|| base?.max_tokens),
            source: raw.source.or_else(|| base?.source.clone()),
            as_of: raw.as_of.or_else(|| base?.as_of.clone()),
            licence: raw.licence.or_else(|| base?.licence.clone()),
            arrivals,
        })
    }
}

impl Workload {
    /// The requests of a trace, each with a cap of exactly the tokens that its answer has.
    pub(super) fn of_trace(path: &Path) -> Self {
        Self {
            name: String::new(),
            priority: Priority::default(),
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
        let traced = matches!(self.arrivals, Arrivals::Trace { .. });
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
        let drawn = !traced && !matches!(self.arrivals, Arrivals::Batch { .. });
        if self.profile.is_some() && !drawn {
            return Err("profile: expected arrivals at a rate, not a batch or a trace".to_owned());
        }
        match &self.arrivals {
            // All of them are pending at once.
            Arrivals::Batch { jobs } if *jobs > 10_000_000 => Err(format!(
                "arrivals: expected at most 1e7 requests at once, found {jobs}"
            )),
            Arrivals::Clients(clients) => clients
                .validate()
                .map_err(|what| format!("arrivals.clients.{what}")),
            _ => Ok(()),
        }
    }

    /// How many requests, or changes of state, to expect within so long; 0 if a trace says so.
    #[expect(clippy::cast_precision_loss, reason = "compared with a round number")]
    pub(super) fn expected_requests(&self, duration: Duration) -> f64 {
        let most = self.profile.as_ref().map_or(1.0, Profile::most);
        let per_min = |rate: f64| rate * most * duration.as_secs_f64() / 60.0;
        match &self.arrivals {
            Arrivals::Batch { jobs } => *jobs as f64,
            Arrivals::Poisson { rate_per_min }
            | Arrivals::Gamma { rate_per_min, .. }
            | Arrivals::Weibull { rate_per_min, .. }
            | Arrivals::Clients(Clients { rate_per_min, .. })
            | Arrivals::OnOff { rate_per_min, .. } => per_min(rate_per_min.get()),
            Arrivals::Mmpp(mmpp) => per_min(mmpp.mean_rate_per_min() + 60.0 * mmpp.changes_per_s()),
            Arrivals::Steps(steps) => most * steps.expected_requests(duration),
            Arrivals::Trace { .. } => 0.0,
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
    /// Gaps from a Weibull distribution: burstier than Poisson below shape 1, with a heavier tail than
    /// Gamma, and steadier above.
    Weibull {
        /// The mean rate.
        rate_per_min: Positive,
        /// The shape, 0.05 to 1,000.
        shape: Shape,
    },
    /// Independent arrivals at a rate that jumps from state to state (MMPP).
    Mmpp(Mmpp),
    /// Many clients, few of whom bring most requests, each with bursts of its own.
    Clients(Clients),
    /// Poisson arrivals during bursts, and none between them.
    OnOff {
        /// The rate during a burst.
        rate_per_min: Positive,
        /// The mean length of a burst; lengths are exponential.
        mean_on_s: PositiveSeconds,
        /// The mean silence between bursts; lengths are exponential.
        mean_off_s: PositiveSeconds,
    },
    /// A rate that changes at stated times, as in a load test.
    Steps(Steps),
    /// A backlog: all requests are there at the start.
    Batch {
        /// How many.
        jobs: u64,
    },
    /// Recorded arrivals.
    Trace {
        /// A file of arrivals and sizes, sorted by time and perhaps packed by gzip: CSV with the columns
        /// `arrival_ms,input_tokens,output_tokens`, or what Azure, BurstGPT and Mooncake publish; relative
        /// to the scenario's folder.
        path: PathBuf,
        /// Only its first requests, so many; all, if absent.
        rows: Option<NonZeroU64>,
        /// Moves each request to a later time by lot, within so many seconds, for traces whose stamps
        /// come in steps; 3 for Mooncake's. Exactly as stamped, if absent.
        spread_s: Option<PositiveSeconds>,
        /// Replays it so many times as fast; 1, if absent.
        speed: Option<Positive>,
    },
}
