//! Four threads serve a thousand clients, each of whom has one limit, whichever thread serves them.

use std::thread;

use paceline_core::{Quota, Timestamp};
use paceline_keyed::SharedKeyed;

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() {
    let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let clients: SharedKeyed<u64> = SharedKeyed::new(Quota::per_minute(10), 10_000, now);
    let serve = || -> usize {
        let calls = (0..5).flat_map(|_| 0..1_000_u64);
        calls
            .filter(|client| clients.try_acquire(now, client, 1).is_ok())
            .count()
    };
    let served: usize = thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(serve));
        threads.into_iter().filter_map(|it| it.join().ok()).sum()
    });
    // Four threads ask 5,000 times each; 1,000 clients have 10 cells each.
    println!(
        "{served} of 20000 calls served, {} keys held",
        clients.len()
    );
}
