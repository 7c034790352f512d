//! Scenarios, run.

use paceline_sim::{
    compare::compare,
    results::{Comparison, Summary},
};

use crate::text::read;

/// Runs the scenario in this text.
pub(crate) fn run(text: &str, replications: u32) -> Comparison {
    let scenario = read(text);
    compare(&scenario, replications, || ()).expect("there is no trace to fail")
}

/// The strategy of this name.
pub(crate) fn strategy<'a>(comparison: &'a Comparison, name: &str) -> &'a Summary {
    let mut strategies = comparison.strategies.iter();
    strategies
        .find(|strategy| strategy.name == name)
        .expect("the scenario has this strategy")
}
