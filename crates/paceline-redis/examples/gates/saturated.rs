use std::time::{Duration, Instant};

use crate::{
    figures::check,
    server::Server,
    worker::{Load, Worker},
};

/// Eight processes of 32 tasks each want more than 1,000 a second.
pub(crate) fn exact(server: Server, span: Duration) -> bool {
    let load = Load {
        tasks: 32,
        span,
        per_second: 1_000,
        burst: 100,
        lease: 0,
    };
    measure(&server, load, 98, 0)
}

/// The same with leases of 1, 10 and 100 requests that expire after a second.
pub(crate) fn leased(server: Server, span: Duration) -> bool {
    let mut met = true;
    for lease in [1, 10, 100] {
        server.command(&["FLUSHALL"]);
        println!("  leases of {lease}");
        let load = Load {
            tasks: 32,
            span,
            per_second: 1_000,
            burst: 1_000,
            lease,
        };
        // No more than the processes hold, or than replenishes until a lease expires.
        met &= measure(&server, load, 97, 1_000.min(8 * lease));
    }
    met
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn measure(server: &Server, load: Load, percent: u64, excess: u64) -> bool {
    let mut workers: Vec<Worker> = (0..8).map(|_| Worker::spawn(&server.url(), load)).collect();
    let begin = Instant::now();
    for worker in &mut workers {
        worker.go();
    }
    let results: Vec<(u64, u64)> = workers.into_iter().map(Worker::result).collect();
    let took = begin.elapsed();
    let granted: u64 = results.iter().map(|(granted, _)| granted).sum();
    let asked: u64 = results.iter().map(|(_, asked)| asked).sum();
    let allowed = |span: Duration| {
        let cells =
            u64::try_from(span.as_micros()).unwrap_or(u64::MAX) * load.per_second / 1_000_000;
        load.burst + cells
    };
    let (most, could) = (allowed(took) + excess, allowed(load.span));
    let used = granted * 1_000 / could;
    let figures = format!("{granted} of at most {most}, {asked} questions");
    let bound = check("granted within the bound", figures, granted <= most);
    let figures = format!("{}.{} %", used / 10, used % 10);
    bound
        & check(
            "used of what could be",
            figures,
            granted * 100 >= could * percent,
        )
}
