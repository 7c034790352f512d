//! How many decisions a second there are, beside `redis-benchmark` with the same script and arguments.
//!
//! `cargo run -p paceline-redis --release --example throughput`. It needs `redis-server` and `redis-benchmark` in the
//! PATH. Client and server share the machine, so compare rows, not absolute numbers.

#![expect(clippy::print_stdout, reason = "it prints figures")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::Command,
    time::{Duration, Instant},
};

use paceline_core::{Demand, Dimension, Quota};
use paceline_redis::{Outage, SharedLimit, SharedThrottle};

use server::Server;
use setup::patient;

#[path = "../tests/server/mod.rs"]
mod server;
#[path = "../tests/setup/mod.rs"]
mod setup;

const ONE: Demand = Demand::request(10, 10);
const TASKS: u64 = 64;
const CALLS: u64 = 40_000;

fn main() {
    let Some(server) = Server::start() else {
        return;
    };
    let one = [limit(Dimension::Requests, 1_000_000_000)];
    let four = [
        limit(Dimension::Requests, 1_000_000_000),
        limit(Dimension::InputTokens, 1_000_000_000),
        limit(Dimension::OutputTokens, 1_000_000_000),
        limit(Dimension::Tokens, 1_000_000_000),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime can be made");
    let mut table: Vec<(&str, Vec<u64>)> = Vec::new();
    // Interleaved, so that a machine whose speed varies is fair.
    for _ in 0..3 {
        let mut note = |name, figure| match table.iter_mut().find(|(other, _)| *other == name) {
            Some((_, figures)) => figures.push(figure),
            None => table.push((name, Vec::from([figure]))),
        };
        let throttle = runtime.block_on(async { throttle(&server, &one, 0) });
        let question = question(&server, &runtime, &throttle);
        note(
            "redis-benchmark, 64 connections",
            benchmark(&server, &question, 64, 1),
        );
        note(
            "one limit, 64 tasks",
            runtime.block_on(run(&throttle, TASKS, CALLS)),
        );
        note(
            "one limit, 1 task",
            runtime.block_on(run(&throttle, 1, CALLS / 10)),
        );
        note(
            "redis-benchmark, 8 connections x 16",
            benchmark(&server, &question, 8, 16),
        );
        let throttle = runtime.block_on(async { self::throttle(&server, &one, 64) });
        note(
            "one limit, 64 tasks, leases of 64",
            runtime.block_on(run(&throttle, TASKS, 20 * CALLS)),
        );
        let throttle = runtime.block_on(async { self::throttle(&server, &four, 0) });
        let question = self::question(&server, &runtime, &throttle);
        note(
            "redis-benchmark, four limits",
            benchmark(&server, &question, 64, 1),
        );
        note(
            "four limits, 64 tasks",
            runtime.block_on(run(&throttle, TASKS, CALLS)),
        );
    }
    println!(
        "{:<40} {:>12}   least to most",
        "decisions a second", "median"
    );
    for (name, figures) in &mut table {
        figures.sort_unstable();
        println!(
            "{name:<40} {:>12}   {} to {}",
            figures[1], figures[0], figures[2]
        );
    }
    let median = |wanted: &str| {
        let row = table.iter().find(|(name, _)| *name == wanted);
        row.map_or(1, |(_, figures)| figures[1])
    };
    let peer = median("redis-benchmark, 64 connections").max(1);
    println!(
        "64 tasks: {} % of redis-benchmark",
        median("one limit, 64 tasks") * 100 / peer
    );
    let leased = median("one limit, 64 tasks, leases of 64");
    println!("leases of 64: {} times redis-benchmark", leased / peer);
}

fn limit(dimension: Dimension, cells: u64) -> SharedLimit {
    SharedLimit::gcra(dimension, Quota::per_second(cells))
}

fn throttle(server: &Server, limits: &[SharedLimit], lease: u64) -> SharedThrottle {
    let mut builder =
        SharedThrottle::builder(&patient(server), "key", limits.to_vec(), Outage::Closed);
    if lease > 0 {
        builder = builder.lease(lease, Duration::from_secs(1));
    }
    builder.build().expect("it is valid")
}

/// The words of one question, as the server sees them.
fn question(
    server: &Server,
    runtime: &tokio::runtime::Runtime,
    throttle: &SharedThrottle,
) -> Vec<String> {
    let ask =
        || runtime.block_on(async { throttle.acquire(ONE).await.expect("it fits").succeeded() });
    // The script is there then, and asked for by its hash.
    ask();
    let mut monitor = UnixStream::connect(server.socket()).expect("it runs");
    monitor.write_all(b"MONITOR\r\n").expect("it runs");
    let mut lines = BufReader::new(monitor).lines();
    // It says that it listens.
    lines.next();
    ask();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("EVALSHA")));
    let line = line.expect("it was asked");
    line.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn benchmark(server: &Server, question: &[String], connections: u64, pipelined: u64) -> u64 {
    let output = Command::new("redis-benchmark")
        .arg("-s")
        .arg(server.socket())
        .args(["-c", &connections.to_string(), "-P", &pipelined.to_string()])
        .args(["-n", &CALLS.to_string(), "--csv"])
        .args(question)
        .output()
        .expect("redis-benchmark is there");
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().last().expect("it prints a row");
    let figure = row
        .rsplit("\",\"")
        .nth(6)
        .and_then(|cell| cell.parse::<f64>().ok());
    // Requests a second, a whole number for our purposes.
    figure.map_or(0, |figure| format!("{figure:.0}").parse().unwrap_or(0))
}

async fn run(throttle: &SharedThrottle, tasks: u64, calls: u64) -> u64 {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let throttle = throttle.clone();
            tokio::spawn(async move {
                for _ in 0..calls / tasks {
                    throttle.acquire(ONE).await.expect("it fits").succeeded();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
    let micros = u64::try_from(begin.elapsed().as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    calls * 1_000_000 / micros
}
