//! Shipped scenarios, run.

use std::path::Path;

use paceline_sim::{compare::compare, results::Comparison, scenario::Scenario};

/// Runs a shipped scenario once.
pub(crate) fn shipped(name: &str) -> Comparison {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name);
    let scenario = Scenario::read(&path, &[]).expect("shipped scenarios are legal");
    compare(&scenario, 1, || ()).expect("there is no trace to fail")
}
