//! Scenarios, run.

use paceline_sim::{
    compare::compare,
    results::{Comparison, Summary},
    scenario::Scenario,
};

/// Runs the scenario in this text.
pub(crate) fn run(text: &str, replications: u32) -> Comparison {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(&path, &[]).expect("the test's scenario is legal");
    compare(&scenario, replications, || ()).expect("there is no trace to fail")
}

/// The strategy of this name.
pub(crate) fn strategy<'a>(comparison: &'a Comparison, name: &str) -> &'a Summary {
    let mut strategies = comparison.strategies.iter();
    strategies
        .find(|strategy| strategy.name == name)
        .expect("the scenario has this strategy")
}
