use super::gathered::Gathered;
use crate::{
    engine::Streams,
    model::{self, Tally},
    results::{Comparison, Driven},
    scenario::Scenario,
    workload::TraceError,
};

/// What a strategy did that was driven in real time: the only one of a scenario, of which as much is counted as it
/// lasts.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn measured(
    scenario: &Scenario,
    tally: &Tally,
    driven: Driven,
) -> Result<Comparison, TraceError> {
    let bound = model::optimum(scenario, Streams::new(scenario.seed))?;
    let mut gathered = Gathered::new(scenario);
    let row = gathered.row(tally);
    gathered.add(&row, &bound);
    let mut comparison = super::conclude(scenario, 0, &[bound], vec![gathered]);
    comparison.driven = Some(driven);
    comparison.limits.clear();
    for strategy in &mut comparison.strategies {
        strategy.left.clear();
    }
    Ok(comparison)
}
