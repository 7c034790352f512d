//! The experiment behind *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015.
//!
//! Clients contend for one row under optimistic concurrency control, and each sleeps after a failure. It
//! runs on the simulator's engine and streams, with the policies of `paceline-backoff`. There is no
//! limit in it, so it tells nothing of 429s: it is here for its numbers.

mod experiment;
mod policy;
mod published;

use rayon::prelude::*;

use super::{Estimate, Expected, Family, Row, lab::Lab};
use crate::model::unit;
use policy::{Policy, Walk};
use rand_chacha::rand_core::Rng;

const SOURCE: &str = "its code, 500 runs";
const QUANTITIES: [&str; 2] = ["time until the last, ms", "writes"];

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = Vec::new();
    for clients in clients(lab) {
        for (place, (name, policy)) in Policy::all().iter().enumerate() {
            let measured = cell(lab, clients, name, policy);
            for (which, measured) in measured.into_iter().enumerate() {
                rows.push(Family::Aws.row(
                    name,
                    format!("{clients} clients"),
                    QUANTITIES[which],
                    published::expected(clients, place, which),
                    SOURCE,
                    measured,
                ));
            }
        }
    }
    rows.extend(spread(&rows));
    rows.extend(atoms(lab));
    rows
}

/// How many clients to try: those of whom something is known, or all of the experiment.
fn clients(lab: Lab) -> Vec<u32> {
    if lab.full {
        return (1..20).map(|tens| 10 * tens).collect();
    }
    published::TABLE
        .iter()
        .map(|(clients, _)| *clients)
        .collect()
}

/// Time and writes under one policy.
fn cell(lab: Lab, clients: u32, name: &str, policy: &Policy) -> [Estimate; 2] {
    let streams = lab.streams(&format!("aws {clients} {name}"));
    let runs: Vec<_> = (0..lab.runs)
        .into_par_iter()
        .map(|number| experiment::run(policy, clients, streams.replication(number)))
        .collect();
    let times: Vec<f64> = runs.iter().map(|run| run.time_ms).collect();
    let writes: Vec<f64> = runs.iter().map(|run| f64::from(run.writes)).collect();
    [Estimate::of(&times), Estimate::of(&writes)]
}

/// How far the numbers lie apart from the published ones, in their errors: neither more nor less than
/// chance has it.
fn spread(rows: &[Row]) -> Vec<Row> {
    let of = |quantity: &&str| {
        let rows = rows.iter().filter(|row| row.quantity == **quantity);
        let z: Vec<f64> = rows.filter_map(Row::z).collect();
        let estimate = Estimate::of(&z);
        let deviation = estimate.standard_error * f64::from(estimate.runs).sqrt();
        Family::Aws.row(
            "all of them",
            format!("{} cells", z.len()),
            &format!("standard deviation of z of {quantity}"),
            Expected::Within(0.7, 1.3),
            "1, if nothing but chance is left",
            Estimate::exact(deviation),
        )
    };
    QUANTITIES.iter().map(of).collect()
}

/// The share of sleeps that are exactly the cap, and their mean, once the walk has forgotten its start.
fn atoms(lab: Lab) -> Vec<Row> {
    const STEPS: u32 = 2_000;
    const FORGOTTEN: u32 = 500;

    let mut rows = Vec::new();
    for (base_ms, cap_ms, at_cap, mean) in [
        (5.0, 2_000.0, 0.269, 0.457),
        (1_000.0, 60_000.0, 0.339, 0.562),
        (500.0, 8_000.0, 0.433, 0.682),
    ] {
        let walk = Walk { base_ms, cap_ms };
        let parameters = format!("base {base_ms} ms, cap {cap_ms} ms");
        let streams = lab.streams(&format!("walk {parameters}"));
        let walks: Vec<[f64; 2]> = (0..lab.runs)
            .into_par_iter()
            .map(|number| {
                let mut rng = streams.replication(number).named("walk");
                let (mut last_ms, mut at_cap, mut sum_ms) = (base_ms, 0_u32, 0.0);
                for step in 0..STEPS {
                    last_ms = walk.step(last_ms, unit(rng.next_u64()));
                    if step >= FORGOTTEN {
                        at_cap += u32::from(last_ms >= cap_ms);
                        sum_ms += last_ms;
                    }
                }
                let steps = f64::from(STEPS - FORGOTTEN);
                [f64::from(at_cap) / steps, sum_ms / steps / cap_ms]
            })
            .collect();
        let quantities = [("share exactly at the cap", at_cap), ("mean / cap", mean)];
        for (which, (quantity, expected)) in quantities.into_iter().enumerate() {
            let values: Vec<f64> = walks.iter().map(|walk| walk[which]).collect();
            rows.push(Family::Aws.row(
                "decorrelated, clamped",
                parameters.clone(),
                quantity,
                // It is known to three digits.
                Expected::About(expected, 0.001),
                "600,000 steps elsewhere",
                Estimate::of(&values),
            ));
        }
    }
    rows
}
