//! What to simulate, as read from a TOML file.
//!
//! These types are the file format and nothing else: they know what is legal, and nothing of
//! engines. Whatever has no meaning is refused where it stands, with its line and what was expected.

pub mod admission;
pub mod arrivals;
pub mod clients;
pub mod entry;
pub mod latency;
pub mod learning;
pub mod limit;
mod limits;
mod one_or_several;
mod overrides;
pub mod presets;
pub mod profile;
pub mod provider;
mod raw_limit;
mod raw_provider;
mod raw_strategy;
mod raw_workload;
mod read;
pub mod retry;
pub mod route;
mod schema;
pub mod server;
mod source;
pub mod steps;
pub mod strategy;
pub mod tenant;
pub mod tokens;
pub mod units;
pub mod upgrade;
mod validation;
pub mod workload;

use std::{
    mem,
    path::{Path, PathBuf},
    time::Duration,
};

use paceline_core::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use one_or_several::one_or_several;
pub use overrides::Override;
use provider::Provider;
pub use read::ScenarioFile;
pub use schema::schema;
pub use source::Source;
use strategy::Strategy;
use units::{PositiveSeconds, Seconds};
use workload::{Arrivals, Workload};

/// A scenario: who asks, who answers, and which strategies compete.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, for reports. If empty, the name of the file.
    #[serde(default)]
    pub name: String,
    /// Seeds every random stream; equal seeds give equal bytes.
    pub seed: u64,
    /// How long to simulate, in seconds; what is not done by then stays undone.
    pub duration_s: PositiveSeconds,
    /// How long to simulate before anything is counted, in seconds, from 0 to less than `duration_s`.
    /// Requests that arrive and calls that are sent before are simulated, and count nowhere but in plots of
    /// calls over time. Use it to learn how a system fares in the long run, and leave it at 0 where the
    /// beginning is part of the question, such as a backlog or the quota of a day.
    #[serde(default)]
    #[schemars(extend("default" = 0))]
    pub warmup_s: Seconds,
    /// The width of a time bin in plots, in seconds, of at most 100,000. If absent, there are about 240.
    pub bin_s: Option<PositiveSeconds>,
    /// The date and time at which it starts, from 1970 to 2400, as in RFC 3339. It matters to calendar limits
    /// and off-peak hours.
    #[serde(default)]
    #[schemars(extend("default" = "2026-01-01T00:00:00Z"))]
    start: Start,
    /// The requests: one kind in single brackets, or up to 100 in double brackets.
    #[serde(rename = "workload", deserialize_with = "one_or_several")]
    #[schemars(schema_with = "schema::workloads")]
    pub workloads: Vec<Workload>,
    /// Who answers: one in single brackets, or several in double brackets. If absent, one without limits.
    #[serde(
        default = "unlimited",
        rename = "provider",
        deserialize_with = "one_or_several"
    )]
    #[schemars(schema_with = "schema::providers")]
    pub providers: Vec<Provider>,
    /// The client strategies to compare on the same arrivals, at least one.
    #[serde(rename = "strategy")]
    #[schemars(length(min = 1))]
    pub strategies: Vec<Strategy>,
    /// What it was read from.
    #[serde(skip)]
    pub source: Source,
}

fn unlimited() -> Vec<Provider> {
    vec![Provider::default()]
}

/// A date and time such as `2026-03-02T09:00:00Z`, with its distance from UTC.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(
    with = "String",
    title = "date and time",
    extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}")
)]
struct Start(Timestamp);

impl Default for Start {
    /// The first moment of 2026: a date that headers can tell from a span.
    fn default() -> Self {
        Self(Timestamp::from_nanos(1_767_225_600_000_000_000))
    }
}

impl TryFrom<String> for Start {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let expected = "expected a time from 1970 to 2400 such as `2026-03-02T09:00:00Z`";
        let at: jiff::Timestamp = text.parse().map_err(|err| format!("{expected}: {err}"))?;
        let nanos = u64::try_from(at.as_nanosecond()).map_err(|_| expected.to_owned())?;
        if at.as_second() > 13_569_465_600 {
            return Err(expected.to_owned());
        }
        Ok(Self(Timestamp::from_nanos(nanos)))
    }
}

impl Scenario {
    /// The requests of a trace, and a minute more, against one provider.
    ///
    /// # Errors
    ///
    /// Fails if a strategy does not make sense.
    pub fn of_trace(
        path: &Path,
        span: Duration,
        provider: Provider,
        strategies: Vec<Strategy>,
    ) -> Result<Self, String> {
        let scenario = Self {
            name: String::new(),
            seed: 1,
            duration_s: PositiveSeconds::try_from(span.as_secs_f64().ceil() + 60.0)?,
            warmup_s: Seconds::default(),
            bin_s: None,
            start: Start::try_from("2026-03-02T09:00:00Z".to_owned())?,
            workloads: vec![Workload::of_trace(path)],
            providers: vec![provider],
            strategies,
            source: Source::default(),
        };
        scenario.validate()?;
        Ok(scenario)
    }

    /// The time at which it starts.
    pub const fn start(&self) -> Timestamp {
        self.start.0
    }

    /// How long it lasts.
    pub const fn duration(&self) -> Duration {
        self.duration_s.get()
    }

    /// The time from which on requests and calls are counted.
    pub fn counted_from(&self) -> Timestamp {
        self.start().saturating_add(self.warmup_s.get())
    }

    /// The time at which it ends.
    pub fn end(&self) -> Timestamp {
        self.start().saturating_add(self.duration())
    }

    /// Replaces its requests by those of a trace; the declared cap stays that of the first workload.
    pub fn replay(&mut self, path: PathBuf) {
        self.workloads.truncate(1);
        for workload in &mut self.workloads {
            let traced = Workload::of_trace(&path);
            *workload = Workload {
                name: mem::take(&mut workload.name),
                priority: workload.priority,
                deadline_s: workload.deadline_s,
                patience: workload.patience.take(),
                max_tokens: workload.max_tokens,
                ..traced
            };
        }
    }

    /// The names of its strategies, for messages.
    pub fn strategy_names(&self) -> String {
        let names = self.strategies.iter().map(|it| format!("`{}`", it.name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The traces that it replays.
    pub fn traces(&self) -> impl Iterator<Item = &Path> {
        let own = self.workloads.iter();
        let tenants = self.providers.iter().flat_map(|it| &it.tenants);
        let arrivals = own
            .chain(tenants.map(|tenant| &tenant.requests))
            .map(|workload| &workload.arrivals);
        arrivals.filter_map(|arrivals| match arrivals {
            Arrivals::Trace { path, .. } => Some(path.as_path()),
            _ => None,
        })
    }

    /// The recorded sessions that it replays.
    pub fn session_traces(&self) -> impl Iterator<Item = &Path> {
        let arrivals = self.workloads.iter().map(|workload| &workload.arrivals);
        arrivals.filter_map(|arrivals| match arrivals {
            Arrivals::Sessions { path, .. } => Some(path.as_path()),
            _ => None,
        })
    }

    /// The width of a time bin in plots.
    pub fn bin(&self) -> Duration {
        let about = self.duration().as_secs_f64() / 240.0;
        // The next larger width that people think in.
        let steps = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
            7_200.0, 10_800.0, 21_600.0, 43_200.0,
        ];
        let step = steps.into_iter().find(|&step| step >= about);
        self.bin_s.map_or_else(
            || Duration::from_secs_f64(step.unwrap_or(about)),
            |bin| bin.get(),
        )
    }
}
