//! Shows the same rate refilled continuously and in steps, in virtual time.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() {
    let quota = Quota::per_second(5);
    let start = Timestamp::EPOCH;
    // A client that restarts often should not start with a full bucket each time.
    let mut continuous = TokenBucket::with_initial(quota, start, 0);
    let mut stepped = SteppedBucket::with_initial(quota, start, 0);

    println!("   time  continuous  stepped");
    for tick in 0..=15 {
        let now = start.saturating_add(Duration::from_millis(tick * 100));
        let sent = |limiter: &mut dyn Limiter| match limiter.try_acquire(now, 1) {
            Ok(()) => "sent",
            Err(_) => "-",
        };
        let (a, b) = (sent(&mut continuous), sent(&mut stepped));
        println!("{:>4} ms  {a:>10}  {b:>7}", tick * 100);
    }
}
