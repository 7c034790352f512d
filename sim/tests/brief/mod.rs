//! Shipped scenarios, cut short.

use std::path::Path;

use paceline_sim::scenario::Scenario;

/// A shipped scenario, of which no more than so many seconds happen.
pub(crate) fn shipped(name: &str, most_s: f64) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut scenario =
        Scenario::read(&folder.join(name), &[]).expect("shipped scenarios are legal");
    let duration = scenario.duration().as_secs_f64().min(most_s);
    scenario.duration_s = duration.try_into().expect("positive");
    scenario
}
