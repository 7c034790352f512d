//! How close strategies come to what recorded traffic and a provider's limits allow.

mod offered;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use offered::Offered;

use crate::{
    compare::compare,
    results::{Optimum, Summary},
    scenario::{
        Scenario,
        limit::{Limit, RateLimit},
        presets,
        provider::Provider,
        strategy::Strategy,
    },
    workload::TraceError,
};

/// One trace against one provider at one load.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The name of the trace.
    pub trace: String,
    /// The name of the provider preset.
    pub provider: String,
    /// What the trace offers, as a multiple of what the limits allow.
    pub load: f64,
    /// The most requests that any schedule could have got admitted.
    pub optimum: Optimum,
    /// How our strategies fared, in the order of [`Knows::ALL`].
    pub ours: Vec<(Knows, Summary)>,
    /// How well-known clients fared.
    pub peers: Vec<Summary>,
}

/// What a strategy knows of limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Knows {
    /// All of them.
    Limits,
    /// What responses say.
    Headers,
    /// That something was refused.
    Refusals,
}

/// What a strategy should reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// At least this share of the optimum.
    pub goodput: f64,
    /// At most this share of its calls.
    pub refused: f64,
}

impl Knows {
    /// From the most to the least.
    pub const ALL: [Self; 3] = [Self::Limits, Self::Headers, Self::Refusals];

    /// What a strategy that knows this should reach.
    pub const fn target(self) -> Target {
        let (goodput, refused) = match self {
            Self::Limits => (0.99, 0.001),
            Self::Headers => (0.97, 0.01),
            Self::Refusals => (0.90, 0.05),
        };
        Target { goodput, refused }
    }
}

/// The strategies, as they stand in their file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strategies {
    told: Strategy,
    headers: Strategy,
    refusals: Strategy,
    peer: Vec<Strategy>,
}

/// Runs all strategies on a trace whose provider's limits are scaled, all by the same factor, so that it
/// offers `load` times what they allow.
///
/// # Errors
///
/// Fails if the preset is unknown, or the trace cannot be read or holds nothing.
pub fn score(trace: &Path, offered: Offered, preset: &str, load: f64) -> Result<Cell, String> {
    let published: Provider = presets::PROVIDERS.load(preset)?;
    let provider = Provider {
        limits: offered.scale(&published, load),
        ..published
    };
    let mut strategies: Strategies =
        toml::from_str(presets::SCORE).map_err(|err| format!("strategies: {err}"))?;
    for peer in &mut strategies.peer {
        peer.limits = minute_of_requests(&peer.limits, &provider);
    }
    let mut all = vec![strategies.told, strategies.headers, strategies.refusals];
    all.append(&mut strategies.peer);
    let scenario = Scenario::of_trace(trace, offered.span, provider, all)?;
    let comparison = compare(&scenario, 1, || {}).map_err(|err: TraceError| err.to_string())?;
    let mut summaries = comparison.strategies.into_iter();
    Ok(Cell {
        trace: stem(trace),
        provider: preset.to_owned(),
        load,
        optimum: comparison.optimum,
        ours: Knows::ALL.into_iter().zip(summaries.by_ref()).collect(),
        peers: summaries.collect(),
    })
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.display().to_string()
}

/// Limits that a client was told in requests a minute, with what the provider allows in one.
fn minute_of_requests(told: &[Limit], provider: &Provider) -> Vec<Limit> {
    let allowed = offered::requests_per_minute(provider);
    let tell = |limit: &Limit| match (limit, allowed) {
        (Limit::Rate(rate), Some(quota)) => Some(Limit::Rate(RateLimit {
            quota,
            ..rate.clone()
        })),
        _ => None,
    };
    told.iter().filter_map(tell).collect()
}
