//! What happens in one run.

use paceline_sim::{
    engine::Streams,
    model::{self, Tally},
};

use crate::text::read;

/// Runs the first strategy of a scenario once.
pub(crate) fn tally(text: &str) -> Tally {
    let scenario = read(text);
    let streams = Streams::new(scenario.seed);
    model::run(&scenario, &scenario.strategies[0], streams).expect("there is no trace to fail")
}
