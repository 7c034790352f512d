//! Who asks: arrivals and sizes.

use std::{path::PathBuf, time::Duration};

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use super::units::{NonNegative, Positive, PositiveSeconds, Seconds};

/// Requests of one kind: when they arrive, how large they are, and how urgent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = sized)]
pub struct Workload {
    /// Its name, for reports; required if there are several.
    #[serde(default)]
    pub name: String,
    /// How urgent its requests are, to strategies that care.
    #[serde(default)]
    #[schemars(extend("default" = "interactive"))]
    pub priority: Priority,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Tokens that a request sends; required unless a trace brings them.
    pub input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace brings them.
    pub output_tokens: Option<Tokens>,
    /// The cap on output tokens that every request declares. If absent, exactly the tokens of its answer.
    pub max_tokens: Option<u64>,
}

/// Whether sizes are required or come with a trace, for the schema.
pub(super) fn sized(schema: &mut Schema) {
    let given = |field| json!({ "required": [field] });
    let sizes = json!({ "anyOf": [given("input_tokens"), given("output_tokens")] });
    schema.insert(
        "if".to_owned(),
        json!({ "properties": { "arrivals": given("trace") } }),
    );
    schema.insert("then".to_owned(), json!({ "not": sizes }));
    schema.insert(
        "else".to_owned(),
        json!({ "required": ["input_tokens", "output_tokens"] }),
    );
}

impl Workload {
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
        match self.arrivals {
            // All of them are pending at once.
            Arrivals::Batch { jobs } if jobs > 10_000_000 => Err(format!(
                "arrivals: expected at most 1e7 requests at once, found {jobs}"
            )),
            _ => Ok(()),
        }
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
            Arrivals::Trace { .. } => 0.0,
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
    /// Poisson arrivals during bursts, and none between them.
    OnOff {
        /// The rate during a burst, in requests per minute.
        rate_per_min: Positive,
        /// The mean length of a burst, in seconds; lengths are exponential.
        mean_on_s: PositiveSeconds,
        /// The mean silence between bursts, in seconds; lengths are exponential.
        mean_off_s: PositiveSeconds,
    },
    /// A backlog: all requests are there at the start.
    Batch {
        /// How many requests, at most 10,000,000.
        #[schemars(range(max = 10_000_000))]
        jobs: u64,
    },
    /// Recorded arrivals.
    Trace {
        /// A CSV file whose header names `arrival_ms,input_tokens,output_tokens`, sorted by time; other columns
        /// are ignored. Relative to the folder of the scenario.
        path: PathBuf,
    },
}

/// How many tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tokens {
    /// Always the same number of tokens.
    Fixed(u64),
    /// Lognormal, rounded to whole tokens, at least 1.
    Lognormal {
        /// The median, in tokens.
        median: Positive,
        /// The standard deviation of the natural logarithm.
        sigma: NonNegative,
        /// No more tokens than this. If absent, there is no bound.
        max: Option<u64>,
    },
}
