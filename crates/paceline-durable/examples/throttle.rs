//! A day's quota that survives restarts, in one throttle with a limit per second; no task waits for the disk.

#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::{error::Error, sync::Arc, time::Duration};

use paceline_composite::All;
use paceline_core::Quota;
use paceline_durable::{DurableQuota, HighWaterFile, OpenError, QuotaId};
use paceline_gcra::Gcra;
use paceline_quota::Window;
use paceline_tokio::Throttle;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("quotas");
    for run in 1..=2 {
        // Opening waits for the disk, too.
        let opened = path.clone();
        let day = tokio::task::spawn_blocking(move || open(&opened)).await??;
        let throttle = Throttle::new(All((Gcra::new(Quota::per_second(500)), day)));
        for _ in 0..600 {
            let admitted = throttle.acquire(1).await?;
            // Half of a lease is left when there is something to write.
            let renewal = throttle.update(|All((_, day)), now| day.renewal(now));
            if let Some(renewal) = renewal {
                tokio::task::spawn_blocking(move || renewal.write());
            }
            drop(admitted);
        }
        let (used, left) =
            throttle.update(|All((_, day)), now| (day.used(now), day.limit() - day.used(now)));
        println!("run {run}: {used} used today, {left} left");
        // The last clone of the throttle writes the exact count when it is dropped.
    }
    Ok(())
}

fn open(path: &std::path::Path) -> Result<DurableQuota, OpenError> {
    let store = Arc::new(HighWaterFile::open(path)?);
    let id = QuotaId::new("search team", "requests/day");
    DurableQuota::open(store, id, 100_000, Window::fixed(DAY))
}
