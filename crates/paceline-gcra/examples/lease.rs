//! Four threads share one limiter, each through leases of 64 cells, in virtual time.

use std::{sync::Barrier, thread, time::Duration};

use paceline_core::{Quota, QuotaError, Timestamp};
use paceline_gcra::AtomicGcra;

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), QuotaError> {
    let start = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let quota = Quota::per_second(100_000).with_burst(10_000)?;
    let gcra = AtomicGcra::new(quota, start);
    // Virtual time passes for all threads at once.
    let tick = Barrier::new(4);
    let worker = &|name: &'static str| {
        let (mut sent, mut trips) = (0, 0);
        for milli in 0..1_000 {
            tick.wait();
            let now = start.saturating_add(Duration::from_millis(milli));
            // One trip to what is shared, then 64 decisions without.
            let Ok(mut lease) = gcra.lease(now, 64, Duration::from_millis(1)) else {
                continue;
            };
            trips += 1;
            while lease.try_acquire(now, 1).is_ok() {
                sent += 1;
            }
        }
        println!("{name}: {sent} cells in {trips} leases");
        sent
    };
    let all: u64 = thread::scope(|scope| {
        let threads = ["a", "b", "c", "d"].map(|name| scope.spawn(move || worker(name)));
        threads.into_iter().filter_map(|it| it.join().ok()).sum()
    });
    // The burst, and what replenishes in a second.
    println!("together: {all}, of at most 110000");
    Ok(())
}
