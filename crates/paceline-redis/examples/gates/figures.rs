use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use paceline_redis::Store;

/// Says whether a figure is met.
pub(crate) fn check(what: &str, figure: impl std::fmt::Display, met: bool) -> bool {
    println!("  {} {what}: {figure}", if met { "ok  " } else { "FAIL" });
    met
}

/// Runs something that waits from code that does not.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

/// How late timers are at worst while something runs: what the machine adds to every call.
pub(crate) struct Lateness(tokio::task::JoinHandle<()>, Arc<AtomicU64>);

impl Lateness {
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    pub(crate) fn watch() -> Self {
        let worst = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&worst);
        let task = tokio::spawn(async move {
            loop {
                let begin = Instant::now();
                tokio::time::sleep(Duration::from_millis(2)).await;
                let late = begin.elapsed().saturating_sub(Duration::from_millis(2));
                let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
                noted.fetch_max(late, Ordering::Relaxed);
            }
        });
        Self(task, worst)
    }

    /// Whether no call took longer than the store's timeout and 20 ms, and what the machine added.
    pub(crate) fn check(self, worst: Duration) -> bool {
        self.0.abort();
        let late = Duration::from_micros(self.1.load(Ordering::Relaxed));
        let most = Store::TIMEOUT + Duration::from_millis(20) + late;
        let figures = format!("{worst:.1?} of {most:.1?}, with timers {late:.1?} late");
        check("worst call", figures, worst <= most)
    }
}
