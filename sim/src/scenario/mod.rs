//! What to simulate, as read from a TOML file.
//!
//! These types are the file format and nothing else: they know what is legal, and nothing of
//! engines. Whatever has no meaning is refused where it stands, with its line and what was expected.

pub mod limit;
mod overrides;
pub mod presets;
pub mod provider;
mod read;
pub mod strategy;
pub mod units;
pub mod workload;

use std::{path::PathBuf, time::Duration};

use paceline_core::Timestamp;
use serde::Deserialize;

pub use overrides::Override;
use provider::Provider;
use strategy::Strategy;
use units::PositiveSeconds;
use workload::{Arrivals, Workload};

/// A scenario: who asks, who answers, and which strategies compete.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, for reports; the name of the file, if absent.
    #[serde(default)]
    pub name: String,
    /// Seeds every random stream; equal seeds give equal runs.
    pub seed: u64,
    /// How long to simulate, in seconds; what is not done by then stays undone.
    pub duration_s: PositiveSeconds,
    /// The width of a time bin in plots, in seconds; about 240 bins, if absent.
    pub bin_s: Option<PositiveSeconds>,
    /// The date and time at which it starts, which matters to calendar limits; RFC 3339.
    #[serde(default)]
    start: Start,
    /// The requests.
    pub workload: Workload,
    /// The one that answers them.
    #[serde(default)]
    pub provider: Provider,
    /// The client strategies to compare on the same arrivals.
    #[serde(rename = "strategy")]
    pub strategies: Vec<Strategy>,
}

/// A date and time, since the epoch.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
struct Start(Timestamp);

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
    /// The time at which it starts.
    pub const fn start(&self) -> Timestamp {
        self.start.0
    }

    /// How long it lasts.
    pub const fn duration(&self) -> Duration {
        self.duration_s.get()
    }

    /// Replaces its arrivals and sizes by those of a trace.
    pub fn replay(&mut self, path: PathBuf) {
        self.workload.arrivals = Arrivals::Trace { path };
        self.workload.input_tokens = None;
        self.workload.output_tokens = None;
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

    /// What cannot be seen from one field alone.
    fn validate(&self) -> Result<(), String> {
        if self.strategies.is_empty() {
            return Err("strategy: expected at least one [[strategy]]".to_owned());
        }
        for (index, strategy) in self.strategies.iter().enumerate() {
            if let Err(err) = crate::model::check_strategy(strategy) {
                let name = &strategy.name;
                return Err(format!("strategy `{name}`: {err}"));
            }
            let same = |other: &Strategy| other.name == strategy.name;
            if self.strategies[..index].iter().any(same) {
                let name = &strategy.name;
                return Err(format!("strategy: two strategies are named `{name}`"));
            }
        }
        let traced = matches!(self.workload.arrivals, Arrivals::Trace { .. });
        for (field, tokens) in [
            ("input_tokens", &self.workload.input_tokens),
            ("output_tokens", &self.workload.output_tokens),
        ] {
            if traced && tokens.is_some() {
                return Err(format!("workload.{field}: a trace brings its own"));
            }
            if !traced && tokens.is_none() {
                return Err(format!(
                    "workload.{field}: expected it, as there is no trace"
                ));
            }
        }
        self.validate_arrivals()?;
        let bins = self.duration().as_secs_f64() / self.bin().as_secs_f64();
        if bins > 100_000.0 {
            return Err(format!(
                "bin_s: expected at most 100000 bins in duration_s, found {bins:.0}"
            ));
        }
        Ok(())
    }

    /// Bounds what a run can take; nobody waits for more than a billion requests.
    fn validate_arrivals(&self) -> Result<(), String> {
        let minutes = self.duration().as_secs_f64() / 60.0;
        let (expected, most) = match self.workload.arrivals {
            Arrivals::Batch { jobs } => (whole(jobs), 1e7),
            Arrivals::Poisson { rate_per_min }
            | Arrivals::Gamma { rate_per_min, .. }
            | Arrivals::OnOff { rate_per_min, .. } => (rate_per_min.get() * minutes, 1e9),
            Arrivals::Trace { .. } => return Ok(()),
        };
        if expected > most {
            return Err(format!(
                "workload.arrivals: expected at most {most:e} requests, found {expected:e}"
            ));
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with a round number")]
const fn whole(number: u64) -> f64 {
    number as f64
}
