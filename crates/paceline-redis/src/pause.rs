use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use crate::{counters::count, throttle::Shared};

impl Shared {
    /// Pauses all who share the limits, if the store can be asked.
    pub(crate) fn pause_all(self: &Arc<Self>, pause: Duration) {
        let hour = Duration::from_secs(3_600);
        let micros = u64::try_from(pause.min(hour).as_micros()).unwrap_or(0);
        let slot = Arc::clone(&self.giving_back).try_acquire_owned();
        let (Ok(runtime), Ok(slot)) = (Handle::try_current(), slot) else {
            return;
        };
        let shared = Arc::clone(self);
        runtime.spawn(async move {
            if shared.store.is_free() {
                let mut question = shared.store.question();
                question.key(&shared.pause_key).arg("close").arg(micros);
                if shared.store.ask(&question).await.is_err() {
                    count(&shared.counters.failed);
                }
            }
            drop(slot);
        });
    }
}
