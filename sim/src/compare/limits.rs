use crate::{
    results::Limited,
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
