use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use paceline_redis::{SharedThrottle, TryAcquireError};
use tokio::task::JoinHandle;

use crate::setup::ONE;

/// Tasks that ask all the time, and never wait for a limit.
pub(crate) struct Load {
    begin: Instant,
    stop: Arc<AtomicBool>,
    /// Each says how many requests it was granted, and how long its slowest call took.
    tasks: Vec<JoinHandle<(u64, Duration)>>,
}

/// What all tasks together saw.
pub(crate) struct Seen {
    pub(crate) granted: u64,
    /// The slowest call.
    pub(crate) worst: Duration,
    pub(crate) took: Duration,
}

impl Load {
    /// So many tasks for each throttle, which wait so long between two calls.
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    pub(crate) fn start(throttles: &[SharedThrottle], tasks: usize, spacing: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let each = throttles
            .iter()
            .flat_map(|throttle| std::iter::repeat_n(throttle, tasks));
        Self {
            begin: Instant::now(),
            tasks: each
                .map(|throttle| tokio::spawn(ask(throttle.clone(), Arc::clone(&stop), spacing)))
                .collect(),
            stop,
        }
    }

    pub(crate) async fn stop(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        let (mut granted, mut worst) = (0, Duration::ZERO);
        for task in self.tasks {
            let (more, slowest) = task.await.expect("it does not panic");
            (granted, worst) = (granted + more, worst.max(slowest));
        }
        Seen {
            granted,
            worst,
            took: self.begin.elapsed(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn ask(
    throttle: SharedThrottle,
    stop: Arc<AtomicBool>,
    spacing: Duration,
) -> (u64, Duration) {
    let (mut granted, mut worst) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let answer = throttle.try_acquire(ONE).await;
        worst = worst.max(asked.elapsed());
        match answer {
            Ok(admitted) => {
                admitted.succeeded();
                granted += 1;
            }
            Err(TryAcquireError::StoreUnavailable(_) | TryAcquireError::Denied(_)) => {}
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(spacing).await;
    }
    (granted, worst)
}
