//! How many cells a second are granted durably, beside a bare append that waits for the disk each time.
//!
//! `speed [folder]`: the folder says which disk; the working directory unless told.

#![expect(clippy::print_stdout, reason = "an example talks to its reader")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

use std::{
    env,
    error::Error,
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use paceline_core::Timestamp;
use paceline_durable::{DurableQuota, HighWaterFile, QuotaId, RedbStore, Store};
use paceline_quota::Window;

const ROUND: Duration = Duration::from_millis(700);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = tempfile::tempdir_in(folder)?;
    println!("grants a second, median of 5 rounds in turn");
    type Case = (&'static str, fn(&Path) -> Result<f64, Box<dyn Error>>);
    let cases: [Case; 7] = [
        ("append of 32 bytes, fdatasync each", append),
        ("file, lease 1", |at| {
            quota(Arc::new(HighWaterFile::open(at)?), 1)
        }),
        ("file, lease 100", |at| {
            quota(Arc::new(HighWaterFile::open(at)?), 100)
        }),
        ("file, lease 1000", |at| {
            quota(Arc::new(HighWaterFile::open(at)?), 1_000)
        }),
        ("redb, lease 1", |at| {
            quota(Arc::new(RedbStore::open(at, 1)?), 1)
        }),
        ("redb, lease 100", |at| {
            quota(Arc::new(RedbStore::open(at, 1)?), 100)
        }),
        ("redb, lease 1000", |at| {
            quota(Arc::new(RedbStore::open(at, 1)?), 1_000)
        }),
    ];
    let mut rates = vec![Vec::new(); cases.len()];
    for round in 0..5 {
        for (index, (_, measure)) in cases.iter().enumerate() {
            let path = folder.path().join(format!("{index} {round}"));
            rates[index].push(measure(&path)?);
        }
    }
    for ((name, _), mut rates) in cases.into_iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        let (least, most) = (rates[0], rates[4]);
        println!("{name:34} {:10.0}  [{least:.0}-{most:.0}]", rates[2]);
    }
    Ok(())
}

fn append(path: &Path) -> Result<f64, Box<dyn Error>> {
    let mut file = File::create_new(path)?;
    rate(1, || {
        file.write_all(&[7; 32])?;
        Ok(file.sync_data()?)
    })
}

fn quota(store: Arc<dyn Store>, lease: u64) -> Result<f64, Box<dyn Error>> {
    let window = Window::fixed(Duration::from_secs(86_400));
    let id = QuotaId::new("team", "cells");
    let mut quota = DurableQuota::open(store, id, u64::MAX - 1, window)?.with_lease(lease);
    rate(lease, || Ok(quota.grant(Timestamp::EPOCH, 1)?))
}

/// Calls a second; the clock is read once in a batch.
fn rate(
    batch: u64,
    mut call: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let (begin, mut calls) = (Instant::now(), 0_u32);
    while begin.elapsed() < ROUND {
        for _ in 0..batch {
            call()?;
            calls += 1;
        }
    }
    Ok(f64::from(calls) / begin.elapsed().as_secs_f64())
}
