//! Limits that change at a moment in time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{limit::Limit, units::Seconds};

/// Other numbers for all limits of a provider, from a moment on.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// From this time on, since the start.
    pub at: Seconds,
    /// All its limits from then on, in the order in which they were, of the kinds that they were.
    pub limits: Vec<Limit>,
}

/// Other numbers for all limits of a provider, from a moment on.
///
/// An upgrade changes numbers and nothing else: a limit keeps its kind, its period, and what was spent of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Upgrade")]
pub(super) struct RawUpgrade {
    /// When it begins, in seconds since the start; later than the one before.
    at_s: Seconds,
    /// The new numbers, one for each limit of the provider, in their order.
    limits: Vec<u64>,
}

/// Applies upgrades one after the other to what a provider limits.
pub(super) fn upgrades(limits: &[Limit], raw: &[RawUpgrade]) -> Result<Vec<Upgrade>, String> {
    let mut upgrades: Vec<Upgrade> = Vec::new();
    for (index, upgrade) in raw.iter().enumerate() {
        let before = upgrades.last().map_or(limits, |last| &last.limits);
        if upgrade.limits.len() != limits.len() {
            return Err(format!(
                "upgrade[{index}].limits: expected a number for each of {} limits, found {}",
                limits.len(),
                upgrade.limits.len()
            ));
        }
        if upgrades.last().is_some_and(|last| upgrade.at_s <= last.at) {
            return Err(format!(
                "upgrade[{index}].at_s: expected a later time than that of the one before"
            ));
        }
        let changed = before.iter().zip(&upgrade.limits);
        let changed = changed.map(|(limit, &number)| limit.with_number(number));
        upgrades.push(Upgrade {
            at: upgrade.at_s,
            limits: changed
                .collect::<Result<_, _>>()
                .map_err(|err| format!("upgrade[{index}].limits: {err}"))?,
        });
    }
    Ok(upgrades)
}
