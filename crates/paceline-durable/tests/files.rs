//! Files as the operating system has them: locked, private, and known again.

use std::{fs, sync::Arc, time::Duration};

use paceline_core::Timestamp;
use paceline_durable::{DurableQuota, HighWaterFile, QuotaId, RedbStore, Store, StoreError};
use paceline_quota::Window;

const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

#[test]
fn one_process_at_a_time_opens_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("quotas");
    let first = HighWaterFile::open(&path).expect("it opens");
    assert!(matches!(
        HighWaterFile::open(&path),
        Err(StoreError::Locked)
    ));
    drop(first);
    HighWaterFile::open(&path).expect("it is free again");

    let path = folder.path().join("redb");
    let first = RedbStore::open(&path, 1).expect("it opens");
    assert!(matches!(RedbStore::open(&path, 1), Err(StoreError::Locked)));
    drop(first);
    RedbStore::open(&path, 1).expect("it is free again");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_store() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    HighWaterFile::open(folder.path().join("file")).expect("it opens");
    RedbStore::open(folder.path().join("redb"), 1).expect("it opens");
    for name in ["file", "redb"] {
        let metadata = fs::metadata(folder.path().join(name)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes");
    let texts = [
        "x".to_owned(),
        "Dear diary, ".repeat(3),
        "0123456789".repeat(5_000),
    ];
    for text in texts {
        fs::write(&path, &text).expect("writable");
        assert!(matches!(
            HighWaterFile::open(&path),
            Err(StoreError::Foreign)
        ));
        assert_eq!(fs::read_to_string(&path).expect("readable"), text);
    }
}

/// Of version 1: one quota, and another one whose first write was cut off.
#[test]
fn a_file_of_another_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("quotas");
    let copy = [&b"pacehwm\x01"[..], &[7; 80]].concat();
    for copies in [4, 2] {
        let mut bytes = vec![0; 4 * 4_096];
        for at in (0..copies).map(|copy| copy * 4_096) {
            bytes[at..at + copy.len()].copy_from_slice(&copy);
        }
        fs::write(&path, &bytes).expect("writable");
        let refused = HighWaterFile::open(&path).expect_err("it is of another version");
        assert!(matches!(refused, StoreError::Foreign));
        assert!(refused.to_string().contains("another version"), "{refused}");
        assert_eq!(fs::read(&path).expect("readable"), bytes);
    }
}

#[test]
fn no_label_comes_into_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("quotas");
    let canary = "sk-canary-4711";
    let store: Arc<dyn Store> = Arc::new(HighWaterFile::open(&path).expect("it opens"));
    let id = QuotaId::new(canary, canary);
    let mut quota = DurableQuota::open(store, id, 100, Window::fixed(DAY)).expect("it opens");
    quota.grant(NOW, 5).expect("healthy");
    assert!(!format!("{id:?} {quota:?}").contains("canary"));
    drop(quota);
    let bytes = fs::read(&path).expect("readable");
    assert!(!bytes.windows(6).any(|window| window == b"canary"));
}

#[test]
fn quotas_of_one_store_keep_out_of_each_others_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("quotas");
    for round in 1..=3 {
        let stores: [Arc<dyn Store>; 2] = [
            Arc::new(HighWaterFile::open(&path).expect("it opens")),
            Arc::new(RedbStore::open(folder.path().join("redb"), 1).expect("it opens")),
        ];
        for store in stores {
            for n in 0..40 {
                let id = QuotaId::new("team", &n.to_string());
                let opened = DurableQuota::open(store.clone(), id, 1_000, Window::fixed(DAY));
                let mut quota = opened.expect("it opens");
                quota.grant(NOW, n + 1).expect("there is enough");
                assert_eq!(quota.used(NOW), (n + 1) * round);
            }
        }
    }
}
