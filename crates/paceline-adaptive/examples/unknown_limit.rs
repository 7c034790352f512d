//! Learns a limit that nobody stated, in virtual time.
//!
//! A provider admits 300 requests a minute, and later 120, as OpenAI does and in its headers. The
//! client knows nothing, and always has 20 requests to send.

use std::{collections::VecDeque, time::Duration};

use paceline_adaptive::LearnedLimits;
use paceline_core::{Demand, Denied, Dimension, LimitWindow, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

const LATENCY: Duration = Duration::from_millis(400);

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() {
    let mut now = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let mut provider = Gcra::new(Quota::per_minute(300));
    let mut limits = LearnedLimits::new(now);
    let demand = Demand::request(500, 100);
    let mut in_flight = VecDeque::new();
    println!("minute  served  refused  learned limit");
    for minute in 1..=8 {
        if minute == 5 {
            provider.set_quota(now, Quota::per_minute(120));
        }
        let (mut served, mut refused) = (0, 0);
        let end = now.saturating_add(Duration::from_secs(60));
        while now < end {
            while in_flight.len() < 20 && limits.check(now, demand).is_ok() {
                // What the client spent is never given back here: nothing is settled.
                drop(limits.charge(now, demand));
                let ok = provider.try_acquire(now, 1).is_ok();
                if ok {
                    served += 1
                } else {
                    refused += 1
                }
                in_flight.push_back((now, ok, headers(&provider, now)));
            }
            now = now.saturating_add(Duration::from_millis(10));
            while let Some((sent_at, ok, headers)) = in_flight.front() {
                if now < sent_at.saturating_add(LATENCY) {
                    break;
                }
                let pairs = headers
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str()));
                let status = if *ok { 200 } else { 429 };
                let feedback = paceline_wire::read(status, paceline_wire::pairs(&pairs), b"", now);
                limits.observe(now, *sent_at, &feedback);
                in_flight.pop_front();
            }
        }
        let learned = limits.limit(Dimension::Requests, LimitWindow::MINUTE);
        println!(
            "{minute:>6}  {served:>6}  {refused:>7}  {:>13}",
            learned.unwrap_or_default()
        );
    }
}

fn headers(provider: &Gcra, now: Timestamp) -> [(&'static str, String); 3] {
    let limit = provider.quota().limit();
    let reset = match provider.check(now, limit) {
        Err(Denied::Until(at)) => at.saturating_duration_since(now),
        _ => Duration::ZERO,
    };
    [
        ("x-ratelimit-limit-requests", limit.to_string()),
        (
            "x-ratelimit-remaining-requests",
            provider.available(now).to_string(),
        ),
        (
            "x-ratelimit-reset-requests",
            format!("{}ms", reset.as_millis()),
        ),
    ]
}
