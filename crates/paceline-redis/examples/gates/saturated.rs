use std::time::{Duration, Instant};

use crate::{contender::Wants, figures::check, server::Server, worker::Worker};

/// Eight processes of 32 tasks each want more than 1,000 a second.
pub(crate) fn exact(server: Server, span: Duration) -> bool {
    let wants = Wants {
        tasks: 32,
        span,
        per_second: 1_000,
        burst: 100,
        lease: 0,
    };
    measure(&server, wants, 98, 0)
}

/// The same with leases of 1, 10 and 100 requests that expire after a second.
pub(crate) fn leased(server: Server, span: Duration) -> bool {
    let mut met = true;
    for lease in [1, 10, 100] {
        server.command(&["FLUSHALL"]);
        println!("  leases of {lease}");
        let wants = Wants {
            tasks: 32,
            span,
            per_second: 1_000,
            burst: 1_000,
            lease,
        };
        // No more than the processes hold, or than replenishes until a lease expires.
        met &= measure(&server, wants, 97, 1_000.min(8 * lease));
    }
    met
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn measure(server: &Server, wants: Wants, percent: u64, excess: u64) -> bool {
    let mut workers: Vec<Worker> = (0..8)
        .map(|_| wants.spawn(&server.url()).expect("it runs"))
        .collect();
    let begin = Instant::now();
    for worker in &mut workers {
        worker.go().expect("it waits");
    }
    let (mut granted, mut asked) = (0, 0);
    for worker in workers {
        let [more_granted, more_asked] = worker.numbers().expect("it says two numbers");
        (granted, asked) = (granted + more_granted, asked + more_asked);
    }
    let took = begin.elapsed();
    let allowed = |span: Duration| {
        let cells =
            u64::try_from(span.as_micros()).unwrap_or(u64::MAX) * wants.per_second / 1_000_000;
        wants.burst + cells
    };
    let (most, could) = (allowed(took) + excess, allowed(wants.span));
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
