use std::num::NonZeroU32;

use paceline_core::Dimension;

use crate::{
    results::{LimitLine, Limited},
    scenario::{Scenario, limit::Limit},
};

/// What the limits of the providers say, in the order in which gauges look at them.
pub(super) fn limits(scenario: &Scenario) -> Vec<Limited> {
    let limited = |(place, limit): (usize, &Limit)| {
        let (cells, unit) = match limit {
            Limit::Rate(rate) => {
                let unit = format!("{}/{}", rate.counts, rate.per);
                (rate.quota.limit(), unit)
            }
            Limit::Concurrency(most) => (*most, "calls under way".to_owned()),
        };
        let several = scenario.providers.len() > 1;
        Limited {
            provider: several.then(|| scenario.providers[place].name.clone()),
            cells: super::count(cells),
            unit,
        }
    };
    scenario.limits().map(limited).collect()
}

/// The limit on requests that allows the fewest calls in a bin; none if several keys share the calls or
/// limits change.
pub(super) fn line(scenario: &Scenario) -> Option<LimitLine> {
    let bin_s = scenario.bin().as_secs_f64();
    let provider = match scenario.providers.as_slice() {
        [provider] if provider.keys == NonZeroU32::MIN && provider.upgrades.is_empty() => provider,
        _ => return None,
    };
    let limits = provider.limits.iter();
    let lines = limits.filter_map(|limit| match limit {
        Limit::Rate(rate) if rate.counts == Dimension::Requests => {
            // A limit may be spent as soon as its period begins.
            let periods = (bin_s / rate.quota.period().as_secs_f64()).max(1.0);
            Some(LimitLine {
                label: format!("limit {} requests/{}", rate.quota.limit(), rate.per),
                per_bin: super::count(rate.quota.limit()) * periods,
            })
        }
        _ => None,
    });
    lines.min_by(|a, b| a.per_bin.total_cmp(&b.per_bin))
}
