//! Sends as fast as each window allows, and counts the worst minute.

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};

const LIMIT: u64 = 60;

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() {
    let quota = Quota::per_minute(LIMIT);
    let limiters: [(&str, Box<dyn Limiter>); 3] = [
        ("exact log", Box::new(SlidingLog::new(quota))),
        (
            "weighted counter",
            Box::new(SlidingCounter::new(quota, Estimate::Weighted)),
        ),
        (
            "strict counter",
            Box::new(SlidingCounter::new(quota, Estimate::Conservative)),
        ),
    ];
    println!("limit: {LIMIT} a minute; demand: 10 a second from second 55 on");
    for (name, mut limiter) in limiters {
        let sent: Vec<u64> = (55_000..600_000)
            .step_by(100)
            .filter(|millis| {
                let now = Timestamp::from_nanos(millis * 1_000_000);
                limiter.try_acquire(now, 1).is_ok()
            })
            .collect();
        let within = |from: u64| {
            sent.iter()
                .filter(|&&at| (from..from + 60_000).contains(&at))
                .count()
        };
        let worst = sent.iter().map(|&from| within(from)).max().unwrap_or(0);
        println!(
            "{name:>16}: {:3} sent, {worst:3} in the worst minute",
            sent.len()
        );
    }
}
