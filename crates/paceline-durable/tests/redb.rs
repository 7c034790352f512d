//! Marks in a database: made whole or not at all, kept as long as asked for, and out of order after a failure.

use std::{
    fs,
    io::{self, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use paceline_core::{Limiter, Timestamp};
use paceline_durable::{DurableQuota, NotGranted, QuotaId, RedbStore, Store};
use paceline_quota::Window;
use redb::{StorageBackend, backends::InMemoryBackend};

const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

fn quota(store: Arc<dyn Store>, name: &str, limit: u64) -> DurableQuota {
    DurableQuota::open(store, QuotaId::new("team", name), limit, Window::fixed(DAY))
        .expect("it opens")
}

#[test]
fn a_database_whose_making_was_cut_off_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("redb");
    drop(RedbStore::open(&path, 1).expect("it opens"));
    let mut bytes = fs::read(&path).expect("readable");
    bytes[..9].fill(0);
    fs::write(&path, &bytes).expect("writable");
    quota(
        Arc::new(RedbStore::open(&path, 1).expect("it opens")),
        "day",
        9,
    );
    let aside = folder.path().join("redb.unfinished");
    assert_eq!(fs::read(aside).expect("it was set aside"), bytes);
    // What is something else is left alone.
    fs::write(&path, "Dear diary").expect("writable");
    assert!(RedbStore::open(&path, 1).is_err());
    assert_eq!(fs::read(&path).expect("readable"), b"Dear diary");
}

#[test]
fn redb_keeps_as_many_windows_as_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(RedbStore::open(folder.path().join("redb"), 3).expect("it opens"));
    let id = QuotaId::new("team", "day");
    let mut quota = quota(store.clone(), "day", 1_000);
    for day in 0..6_u32 {
        let now = NOW.saturating_add(day * DAY);
        quota
            .grant(now, u64::from(day) + 1)
            .expect("there is enough");
    }
    assert_eq!(quota.available(NOW.saturating_add(5 * DAY)), 994);
    quota.close().expect("healthy");
    let history = store.history(&id).expect("readable");
    let granted: Vec<_> = history.iter().map(|mark| mark.granted_up_to).collect();
    // Of past days what was reserved, of the last one what was used.
    assert_eq!(granted.len(), 3);
    assert!(
        granted[0] >= 4 && granted[1] >= 5 && granted[2] == 6,
        "{granted:?}"
    );
}

/// A medium below redb that fails from some call on.
#[derive(Debug)]
struct Failing {
    inner: InMemoryBackend,
    left: Arc<AtomicU64>,
}

impl Failing {
    fn call(&self) -> io::Result<()> {
        let spend = |left: u64| left.checked_sub(1);
        match self.left.fetch_update(Relaxed, Relaxed, spend) {
            Ok(_) => Ok(()),
            Err(_) => Err(ErrorKind::StorageFull.into()),
        }
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.call()?;
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.call()?;
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.call()?;
        self.inner.write(offset, data)
    }
}

#[test]
fn redb_on_a_medium_that_fails_ends_granting() {
    for calls in 0..80 {
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let backend = Failing {
            inner: InMemoryBackend::new(),
            left: left.clone(),
        };
        let store = RedbStore::on(backend, 1).expect("healthy");
        let mut quota = quota(Arc::new(store), "day", 1_000_000).with_lease(10);
        left.store(calls, Relaxed);
        let failed = (0..10_000).find_map(|_| quota.grant(NOW, 1).err());
        assert!(matches!(failed, Some(NotGranted::Store(_))), "{failed:?}");
        left.store(u64::MAX, Relaxed);
        assert!(matches!(quota.grant(NOW, 1), Err(NotGranted::Store(_))));
    }
}
