//! Puts the shared throttle under load and faults, and prints how it stands to the figures it has to meet.
//!
//! `cargo run -p paceline-redis --release --example gates -- all 10` runs every gate for ten seconds each, `-- g7 60` one of
//! them for a minute. It needs `redis-server` in the PATH, and exits with 1 if a figure is not met.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::{process::ExitCode, time::Duration};

use server::Server;

mod burst;
mod contender;
mod figures;
mod load;
mod outages;
#[path = "../../tests/proxy/mod.rs"]
mod proxy;
mod restarts;
mod saturated;
#[path = "../../tests/server/mod.rs"]
mod server;
#[path = "../../tests/setup/mod.rs"]
mod setup;
#[path = "../worker/mod.rs"]
mod worker;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "worker") {
        contender::run(&words[1..]);
        return ExitCode::SUCCESS;
    }
    let seconds = words
        .get(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(10);
    let span = Duration::from_secs(seconds);
    let gate = words.first().map_or("all", String::as_str);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let mut met = true;
    for (name, run) in GATES {
        if gate == "all" || gate == *name {
            let Some(server) = Server::start() else {
                return ExitCode::FAILURE;
            };
            println!("{name}");
            met &= runtime.block_on(async { run(server, span) });
        }
    }
    if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

type Gate = fn(Server, Duration) -> bool;

const GATES: &[(&str, Gate)] = &[
    ("g7", saturated::exact),
    ("g8", saturated::leased),
    ("g9", restarts::with_a_log),
    ("g10", restarts::without_persistence),
    ("g11", outages::bad_network),
    ("g12", outages::partition),
    ("g24", burst::five_of_a_hundred),
];
