//! Limits clients by address, some of whom pay for more, while a flood of strangers comes by.

use std::time::Duration;

use paceline_core::{Quota, QuotaError, Timestamp};
use paceline_keyed::{Keyed, Refused};

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), QuotaError> {
    let start = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let (free, paid) = (Quota::per_minute(6), Quota::per_minute(600));
    let mut clients: Keyed<String> = Keyed::new(free, 1_000, start);

    let served = (0..100).filter(|_| clients.try_acquire(start, "alice", 1).is_ok());
    println!("alice: {} of 100 requests", served.count());
    // The store does not know who pays; the caller does, and says so with each call.
    let mut served = 0;
    for _ in 0..100 {
        served += u32::from(clients.try_acquire_with(start, "bob", 1, paid).is_ok());
    }
    println!("bob, who pays: {served} of 100 requests");

    let mut turned_away = 0;
    for stranger in 0..5_000 {
        let answer = clients.try_acquire(start, &format!("stranger {stranger}"), 1);
        turned_away += u32::from(matches!(answer, Err(Refused::Full { .. })));
    }
    println!(
        "strangers: {turned_away} of 5000 turned away, {} keys held",
        clients.len()
    );
    println!("alice still has {} left", clients.available(start, "alice"));

    // A stranger's one cell has replenished after ten seconds, which makes room.
    let later = start.saturating_add(Duration::from_secs(10));
    println!("carol, later: {:?}", clients.try_acquire(later, "carol", 1));
    Ok(())
}
