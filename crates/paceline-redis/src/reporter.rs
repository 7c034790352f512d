use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::sleep;

use crate::{breaker::Pass, counters::count, throttle::Shared};

/// However short the hold is, the store is not told more often.
const SHORTEST: Duration = Duration::from_millis(50);

/// Begins to tell the store regularly what this process knows, if it shares quotas and did not yet.
pub(crate) fn start(shared: &Arc<Shared>) {
    let quotas = shared.plans.iter().any(|plan| plan.window().is_some());
    if quotas && shared.begins_to_report() {
        tokio::spawn(report(
            Arc::downgrade(shared),
            Duration::from_micros(shared.hold_us / 4),
        ));
    }
}

/// Tells the store what is known, four times per hold, so that after a loss of data it knows before it grants.
async fn report(shared: Weak<Shared>, spacing: Duration) {
    loop {
        sleep(spacing.max(SHORTEST)).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if !shared.memory().has_to_tell(shared.store.now()) {
            continue;
        }
        match shared.store.pass() {
            Pass::Free => {}
            Pass::Probe => count(&shared.counters.probes),
            Pass::Stop => continue,
        }
        // Whatever goes wrong is counted, and tried again.
        let _: Result<(), crate::StoreUnavailable> = shared.tell().await;
    }
}
