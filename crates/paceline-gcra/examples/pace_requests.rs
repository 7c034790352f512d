//! Paces ten requests to 100 a minute, of which five may go at once, in virtual time.

use std::time::Duration;

use paceline_core::{Clock, Limiter, ManualClock, Quota, QuotaError};
use paceline_gcra::Gcra;

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), QuotaError> {
    let clock = ManualClock::default();
    // Never more than 100 in any minute, however the provider draws its windows.
    let mut gcra = Gcra::new(Quota::window_safe(100, Duration::from_secs(60), 5)?);
    for request in 1..=10 {
        // A real program would sleep here; `retry_after` says exactly how long.
        while let Err(denied) = gcra.try_acquire(clock.now(), 1) {
            let Some(wait) = denied.retry_after(clock.now()) else {
                println!("request {request} can never be sent: {denied}");
                return Ok(());
            };
            clock.advance(wait);
        }
        println!("request {request:2} goes at {:?}", clock.now());
    }
    Ok(())
}
