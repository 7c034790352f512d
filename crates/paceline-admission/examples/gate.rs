//! A thousand jobs behind one gate, against a server that allows 100 a minute and does not say so.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use paceline_admission::Gate;
use paceline_core::{Denied, Limiter, Timestamp};

fn main() {
    let minute = Duration::from_secs(60);
    let mut gate = Gate::new(1);
    let (mut now, mut done, mut calls) = (Timestamp::EPOCH, 0, 0);
    let (mut window, mut used) = (0, 0);
    while done < 1_000 {
        if let Err(Denied::Until(opens_at)) = gate.try_acquire(now, 1) {
            now = opens_at;
            continue;
        }
        calls += 1;
        // The server: 100 in each minute of the clock.
        let current = now.as_nanos() / 60_000_000_000;
        if current != window {
            (window, used) = (current, 0);
        }
        if used < 100 {
            used += 1;
            done += 1;
        } else {
            let reset_at =
                Timestamp::EPOCH.saturating_add(minute * (u32::try_from(window).unwrap_or(0) + 1));
            gate.close(now, now, Some(reset_at.saturating_duration_since(now)));
        }
    }
    let took = now.saturating_duration_since(Timestamp::EPOCH);
    println!("{done} jobs took {calls} calls and {} s", took.as_secs());
}
