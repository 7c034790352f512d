//! Writes a limiter of one's own against the trait: at most one cell per calendar second.

use std::time::Duration;

use paceline_core::{Clock, Denied, Limiter, ManualClock, Timestamp};

/// Admits one cell in each whole second since the epoch.
#[derive(Debug, Default)]
struct OncePerSecond {
    /// The first time at which a cell conforms.
    free_at: Timestamp,
}

impl Limiter for OncePerSecond {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        match cost {
            0 => Ok(()),
            1 if now < self.free_at => Err(Denied::Until(self.free_at)),
            1 => Ok(()),
            _ => Err(Denied::TooLarge { max: 1 }),
        }
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        // A debt of several cells takes that many seconds.
        let second = now.max(self.free_at).as_nanos() / 1_000_000_000;
        let free_second = second.saturating_add(cost);
        self.free_at = Timestamp::from_nanos(free_second.saturating_mul(1_000_000_000));
    }

    fn available(&self, now: Timestamp) -> u64 {
        u64::from(now >= self.free_at)
    }
}

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() {
    let clock = ManualClock::default();
    let mut limiter = OncePerSecond::default();
    for _ in 0..5 {
        clock.advance(Duration::from_millis(400));
        match limiter.try_acquire(clock.now(), 1) {
            Ok(()) => println!("{:?}: admitted", clock.now()),
            Err(denied) => println!(
                "{:?}: {denied}, so wait {:?}",
                clock.now(),
                denied.retry_after(clock.now())
            ),
        }
    }
}
