//! Whether reality does what the simulator says: a run in virtual time beside the same run over HTTP.
//!
//! The provider of a scenario is served in this process, and its workload is driven against it. Requests, sizes,
//! latencies, faults and jitter are the same in both, so what differs is what a simulation leaves out: timers
//! that go off late, the time that HTTP takes, and the order of what happens at once.

mod row;
mod served;

use std::{future::pending, num::NonZeroU32, time::Duration};

use anyhow::anyhow;

use crate::{
    drive::{self, Drive, Key},
    engine::Streams,
    model,
    scenario::{Scenario, strategy::Strategy},
};
pub use row::{Allowed, Figure, Row, Verdict};
use served::Served;

/// Predicts what a strategy of a scenario does, and measures it; a row for each figure.
///
/// It takes as long as the scenario lasts, divided by `speed`, or less if all requests end before. `progress` is
/// told now and then how much of the scenario is over.
///
/// # Errors
///
/// Fails before anything is sent if the strategy cannot be driven, a trace cannot be read or there is no port.
///
/// # Panics
///
/// Panics if the strategy was not checked.
pub fn calibrate(
    scenario: &Scenario,
    strategy: &Strategy,
    speed: NonZeroU32,
    progress: impl FnMut(Duration),
) -> anyhow::Result<Vec<Row>> {
    let predicted = model::run(scenario, strategy, Streams::new(scenario.seed))?;
    let mut served = Served::bind(scenario, strategy, speed)?;
    let drive = Drive {
        scenario,
        strategy,
        target: served.target()?,
        key: Key::new("calibrate").map_err(|err| anyhow!(err))?,
    };
    let measured = drive::drive(&drive, || served.begin(), pending(), progress);
    served.end()?;
    Ok(row::rows(&strategy.name, &predicted, &measured?.tally))
}
