//! Lets adaptive limits meet a server that queues and then refuses, in virtual time.
//!
//! The server works on 40 calls at once, for half a second to one and a half. Others wait; with 100
//! there already, a call is refused within 50 ms. The client makes 4 calls at once for 20 seconds, and
//! then as many as it may.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use paceline_concurrency::{Aimd, Concurrency, Gradient2, Limit, LimitError, Outcome};
use paceline_core::{Rng, SplitMix64, Timestamp};

const MILLI: u64 = 1_000_000;

struct Server {
    rng: SplitMix64,
    /// When each of the workers is free, the earliest first.
    workers: BinaryHeap<Reverse<u64>>,
    /// When each of the calls that wait or are worked on is done.
    under_way: BinaryHeap<Reverse<u64>>,
}

impl Server {
    fn new() -> Self {
        Self {
            rng: SplitMix64::new(7),
            workers: (0..40).map(|_| Reverse(0)).collect(),
            under_way: BinaryHeap::new(),
        }
    }

    /// Takes a call, and says when and how it ends.
    fn call(&mut self, now: u64) -> (u64, Outcome) {
        while self.under_way.peek().is_some_and(|end| end.0 <= now) {
            self.under_way.pop();
        }
        if self.under_way.len() >= 100 {
            return (now + 50 * MILLI, Outcome::Dropped);
        }
        let free = self.workers.pop().map_or(now, |free| free.0.max(now));
        let end = free + (500 + self.rng.next_u64() % 1_000) * MILLI;
        self.workers.push(Reverse(end));
        self.under_way.push(Reverse(end));
        (end, Outcome::Success)
    }
}

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn run(name: &str, policy: Box<dyn Limit>) {
    println!("{name}:");
    let (mut calls, mut server) = (Concurrency::new(policy), Server::new());
    let (mut now, mut ends, mut tickets) = (0, BinaryHeap::new(), Vec::new());
    let (mut report_at, mut served, mut refused, mut took) = (20_000 * MILLI, 0, 0, 0);
    while now < 40_000 * MILLI {
        let wanted = if now < 20_000 * MILLI { 4 } else { u32::MAX };
        while calls.in_flight() < wanted {
            let Ok(ticket) = calls.try_start(Timestamp::from_nanos(now)) else {
                break;
            };
            let (end, outcome) = server.call(now);
            // Equal ends run in the order of starting.
            ends.push(Reverse((end, tickets.len())));
            tickets.push(Some((ticket, now, outcome)));
        }
        let Some(Reverse((end, number))) = ends.pop() else {
            return;
        };
        let Some((ticket, started_at, outcome)) = tickets[number].take() else {
            return;
        };
        now = end;
        calls.finish(ticket, Timestamp::from_nanos(now), outcome);
        if outcome == Outcome::Dropped {
            refused += 1;
        } else {
            served += 1;
            took += now - started_at;
        }
        if now >= report_at {
            let (second, limit) = (now / (1_000 * MILLI), calls.limit());
            let mean = Duration::from_nanos(took / served.max(1));
            println!(
                "  {second} s: limit {limit:3}, {served:3} served in {mean:.1?} each, {refused:2} refused"
            );
            report_at += 4_000 * MILLI;
            (served, refused, took) = (0, 0, 0);
        }
    }
}

fn main() -> Result<(), LimitError> {
    run("aimd", Box::new(Aimd::netflix()));
    // The average must outlast the surge, or the queue becomes what is normal.
    let gradient = Gradient2::netflix().with_long_window(6_000)?;
    run("gradient2", Box::new(gradient.clone()));
    // Dozens of calls finish in the time that one takes, and each of them moves the limit.
    let gradient = gradient.with_smoothing((1, 20))?;
    run("gradient2, smoothed", Box::new(gradient));
    Ok(())
}
