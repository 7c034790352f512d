//! Runs seeds through crashes, errors of the disk and jumps of the clock: `simulate [seeds] [operations]`.
//!
//! `simulate trace SEED` tells what happens in one of them.

#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::env;

use world::{Tally, run};

#[path = "../tests/faulty/mod.rs"]
mod faulty;
#[path = "../tests/simulation/mod.rs"]
mod world;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let number = |index: usize, default| {
        let given = arguments.get(index).and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let mut tally = Tally::default();
    if arguments.first().is_some_and(|first| first == "trace") {
        print!("{}", run(u64::from(number(1, 0)), 1_000, &mut tally));
        return;
    }
    let (seeds, operations) = (number(0, 10_000), number(1, 1_000));
    // FNV-1a over all traces: equal programs tell equal stories.
    let mut digest = 0xCBF2_9CE4_8422_2325_u64;
    for seed in 0..seeds {
        for byte in run(u64::from(seed), operations, &mut tally).bytes() {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    println!(
        "{seeds} seeds of {operations} operations: no invariant broken\n{tally:#?}\ntraces {digest:016x}"
    );
}
