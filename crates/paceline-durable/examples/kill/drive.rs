//! A process that grants, one that kills it at random, and the witness between them: a pipe.

use std::{
    env,
    error::Error,
    io::{self, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use paceline_core::{Rng, SplitMix64, Timestamp};
use paceline_durable::{DurableQuota, HighWaterFile, QuotaId, RedbStore, Store};
use paceline_quota::Window;

/// What the witness saw of one store and lease.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) grants: u64,
    /// Cells granted twice, or out of order.
    pub(crate) double: u64,
    pub(crate) lost: u64,
    /// Kills after which more was lost than leases were begun since the last grant that was seen.
    pub(crate) beyond: u64,
}

/// If this process was started to be killed, grants until it is.
pub(crate) fn grant_if_child() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().collect();
    let [_, role, store, path, lease] = arguments.as_slice() else {
        return Ok(());
    };
    if role != "grant" {
        return Ok(());
    }
    let store: Arc<dyn Store> = match store.as_str() {
        "file" => Arc::new(HighWaterFile::open(path)?),
        _ => Arc::new(RedbStore::open(path, 1)?),
    };
    let (id, now) = (QuotaId::new("team", "cells"), Timestamp::EPOCH);
    let window = Window::fixed(Duration::from_secs(86_400));
    let mut quota = DurableQuota::open(store, id, u64::MAX - 1, window)?.with_lease(lease.parse()?);
    let mut witness = io::stdout().lock();
    loop {
        quota.grant(now, 1)?;
        // One call of the operating system for each cell.
        witness.write_all(&quota.used(now).to_le_bytes())?;
        witness.flush()?;
    }
}

/// Kills processes that grant, at random.
pub(crate) fn drive(kills: u32, store: &str, lease: u64, rng: &mut SplitMix64) -> io::Result<Seen> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("quotas");
    let (mut seen, mut last, mut since) = (Seen::default(), 0, 0);
    for _ in 0..kills {
        let cells = killed_at_random(start(store, &path, lease)?, lease, rng)?;
        since += 1;
        for cell in cells {
            if cell <= last {
                seen.double += 1;
                continue;
            }
            let lost = cell - last - 1;
            seen.lost += lost;
            seen.beyond += u64::from(lost > lease * since);
            seen.grants += 1;
            (last, since) = (cell, 0);
        }
    }
    Ok(seen)
}

fn start(store: &str, path: &Path, lease: u64) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .args(["grant", store])
        .arg(path)
        .arg(lease.to_string())
        .stdout(Stdio::piped())
        .spawn()
}

/// Reads some cells, kills the process, and reads what else it wrote.
fn killed_at_random(mut child: Child, lease: u64, rng: &mut SplitMix64) -> io::Result<Vec<u64>> {
    let mut bytes = Vec::new();
    let mut pipe = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    if rng.next_u64().is_multiple_of(3) {
        // Perhaps before the first cell.
        wait(Duration::from_micros(rng.next_u64() % 4_000));
    } else {
        let cells = rng.next_u64() % (30 * lease);
        (&mut pipe).take(cells * 8).read_to_end(&mut bytes)?;
    }
    child.kill()?;
    pipe.read_to_end(&mut bytes)?;
    let status = child.wait()?;
    if status.code().is_some() {
        return Err(io::Error::other(format!("ended by itself: {status}")));
    }
    let cells = bytes.chunks_exact(8);
    Ok(cells
        .map(|cell| u64::from_le_bytes(cell.try_into().unwrap_or_default()))
        .collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "when to kill is not a matter of limits"
)]
fn wait(time: Duration) {
    std::thread::sleep(time);
}
