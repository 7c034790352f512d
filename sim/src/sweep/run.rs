use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Journal, Outcome, Plan, Shard};
use crate::compare::compare;

/// Runs the points of a shard that are not done, in parallel, and writes each down when it is.
///
/// `done` is called, from any thread, after each point.
///
/// # Errors
///
/// Fails if a trace cannot be read or the journal cannot be written; what was done stays written.
pub fn run(
    plan: &Plan,
    shard: Shard,
    journal: &mut Journal,
    done: impl Fn() + Sync,
) -> anyhow::Result<()> {
    let mut is_done = vec![false; plan.head().points()];
    for outcome in journal.done() {
        if let Some(is_done) = is_done.get_mut(outcome.point) {
            *is_done = true;
        }
    }
    let points = (0..is_done.len()).filter(|&point| shard.has(point) && !is_done[point]);
    let points: Vec<_> = points.collect();
    let journal = Mutex::new(journal);
    points.into_par_iter().try_for_each(|point| {
        let scenario = plan.scenario(point)?;
        let comparison = compare(&scenario, plan.head().replications, || {})?;
        let outcome = Outcome::new(point, &comparison);
        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.add(outcome)?;
        done();
        Ok(())
    })
}
