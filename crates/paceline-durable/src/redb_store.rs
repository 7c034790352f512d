use std::{
    fmt, fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use paceline_core::Timestamp;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition, backends::FileBackend,
};

use crate::{
    Disk, Mark, QuotaId, Store, StoreError,
    disk::{LockedFile, open_private},
};

/// By quota and the end of the window: the rule of the window, and the cells granted.
const MARKS: TableDefinition<'static, ([u8; 16], u64), ([u8; 16], u64)> =
    TableDefinition::new("marks");

/// Marks in a [redb](https://docs.rs/redb) database: for many quotas, or for their history.
///
/// Each `persist` is one transaction, durable when it returns. The marks of past windows stay, as many for each
/// quota as were asked for. redb locks the file.
///
/// When the power fails, however often, the marks that were durable are found. But redb believes what it reads: once a
/// flush has failed, the cache pretends that it had not, and then the power fails, the database may not open any more, and
/// redb may panic. [`HighWaterFile`](crate::HighWaterFile) holds under that, too.
pub struct RedbStore {
    database: Database,
    windows_kept: usize,
    poisoned: Mutex<bool>,
}

impl RedbStore {
    /// Opens a database, or makes it so that its owner alone can read it.
    ///
    /// A database whose making a crash cut off held nothing yet. It is renamed, with `.unfinished` at the end, and
    /// another one is made.
    ///
    /// Of each quota, the marks of the latest `windows_kept` windows stay; 0 counts as 1.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is open elsewhere, or is no database.
    pub fn open(path: impl AsRef<Path>, windows_kept: usize) -> Result<Self, StoreError> {
        let path = path.as_ref();
        set_aside_if_unfinished(path)?;
        let file = open_private(path)?;
        Self::on(FileBackend::new(file).map_err(opening)?, windows_kept)
    }

    /// Keeps marks in a database on a medium of the caller's.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn on(backend: impl StorageBackend, windows_kept: usize) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        // A gigabyte unless told otherwise.
        builder.set_cache_size(1 << 20);
        let database = builder.create_with_backend(backend).map_err(opening)?;
        let transaction = database.begin_write().map_err(other)?;
        transaction.open_table(MARKS).map_err(other)?;
        transaction.commit().map_err(other)?;
        Ok(Self {
            database,
            windows_kept: windows_kept.max(1),
            poisoned: Mutex::new(false),
        })
    }

    /// The marks of a quota's windows that are kept, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the database does.
    pub fn history(&self, quota: &QuotaId) -> Result<Vec<Mark>, StoreError> {
        let transaction = self.database.begin_read().map_err(other)?;
        let table = transaction.open_table(MARKS).map_err(other)?;
        marks(&table, quota)
    }

    fn replace(
        &self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(other)?;
        {
            let mut table = transaction.open_table(MARKS).map_err(other)?;
            let kept = marks(&table, quota)?;
            if kept.last().copied() != before {
                return Err(StoreError::Overtaken);
            }
            let key = |mark: &Mark| (*quota.as_bytes(), mark.ends_at.as_nanos());
            table
                .insert(key(&after), (after.rule, after.granted_up_to))
                .map_err(other)?;
            let added = kept.last().is_none_or(|last| last.ends_at < after.ends_at);
            let most = self.windows_kept - usize::from(added);
            for old in &kept[..kept.len().saturating_sub(most)] {
                table.remove(key(old)).map_err(other)?;
            }
        }
        transaction.commit().map_err(other)
    }
}

impl Store for RedbStore {
    fn load(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError> {
        if *self.poisoned.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(StoreError::Poisoned);
        }
        Ok(self.history(quota)?.pop())
    }

    fn persist(
        &self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        let mut poisoned = self.poisoned.lock().unwrap_or_else(PoisonError::into_inner);
        if *poisoned {
            return Err(StoreError::Poisoned);
        }
        let replaced = self.replace(quota, before, after);
        replaced.inspect_err(|err| *poisoned = !matches!(err, StoreError::Overtaken))
    }
}

fn marks(
    table: &impl ReadableTable<([u8; 16], u64), ([u8; 16], u64)>,
    quota: &QuotaId,
) -> Result<Vec<Mark>, StoreError> {
    let id = *quota.as_bytes();
    let rows = table.range((id, 0)..=(id, u64::MAX)).map_err(other)?;
    let marks = rows.map(|row| {
        let (key, value) = row.map_err(other)?;
        let ((_, ends_at), (rule, granted_up_to)) = (key.value(), value.value());
        Ok(Mark {
            rule,
            ends_at: Timestamp::from_nanos(ends_at),
            granted_up_to,
        })
    });
    marks.collect()
}

/// Renames a database without its magic number, which redb writes when all else is durable, and refuses to open.
fn set_aside_if_unfinished(path: &Path) -> Result<(), StoreError> {
    // While redb has it open, this fails.
    let mut file = LockedFile::open(path)?;
    let mut magic = [0xFF; 9];
    if file.read_at(0, &mut magic)? == magic.len() && magic == [0; 9] {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".unfinished");
        fs::rename(path, aside)?;
    }
    Ok(())
}

fn opening(err: DatabaseError) -> StoreError {
    match err {
        DatabaseError::DatabaseAlreadyOpen => StoreError::Locked,
        err => other(err),
    }
}

fn other(err: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Other(Box::new(err))
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}
