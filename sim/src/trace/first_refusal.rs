use paceline_core::Timestamp;

use crate::{
    engine::Streams,
    model::{Happening, Observer, Outcome, Run},
    scenario::{Scenario, strategy::Strategy},
    workload::TraceError,
};

/// The first request whose call is refused because of a limit, if there is one.
///
/// # Errors
///
/// Fails if a trace cannot be read.
pub fn first_refused(
    scenario: &Scenario,
    strategy: &Strategy,
    streams: Streams,
) -> Result<Option<u64>, TraceError> {
    let mut run = Run::start(scenario, strategy, streams, FirstRefusal(None))?;
    while run.observer().0.is_none() && run.step()? {}
    Ok(run.observer().0)
}

struct FirstRefusal(Option<u64>);

impl Observer for FirstRefusal {
    fn see(&mut self, _now: Timestamp, what: &Happening<'_>) {
        if let Happening::Decided { id, outcome, .. } = *what
            && matches!(outcome, Outcome::Refused | Outcome::TooLarge)
        {
            self.0.get_or_insert(id);
        }
    }
}
