use std::{
    fmt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use crate::{Disk, Mark, QuotaId, Store, StoreError, disk::LockedFile, table::Table};

/// Marks in one small file: the store for a single process with up to 1,024 quotas.
///
/// Each quota has two slots, which are written in turn, and each slot holds the same record twice. A write
/// that a crash cuts off leaves the other slot whole, and a block that goes bad leaves the other copy. All
/// four copies have a block of 4 KiB of their own, since some disks lose a whole block when the power fails
/// amid a write.
///
/// The file is locked while it is open, its owner alone may read it, and its checksums find accidents,
/// not attackers: whoever can write it can grant anything. To a copy of an old file it is as if cells had never
/// been granted.
///
/// Each [`persist`](Store::persist) waits for the disk once, and for a new quota twice. The first one of each
/// quota after opening waits three times more: see [`reopening`](#reopening-after-a-failure).
///
/// # Reopening after a failure
///
/// Any failure to write poisons the store. Once it is opened again, it may read marks that are in the cache of the
/// operating system alone, as Linux forgets that a page was never written once it has reported so. So the first
/// `persist` of each quota writes what was read once more, a copy at a time, before it overwrites anything else.
///
/// A write that was cut off may have left parts of a record in the other slot. If the next write were cut off, too, its
/// parts could complete them, whatever a checksum covers, and a mark would come back that was not there when the store
/// was opened. So that `persist` also erases the other slot, with a byte that no record holds, before it writes there,
/// and a slot never holds parts of two marks that were cut off. The place of a quota that was begun and never finished
/// is erased before another one begins there.
pub struct HighWaterFile(Mutex<Table>);

impl HighWaterFile {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is open elsewhere ([`StoreError::Locked`]), is something else
    /// or of another version ([`StoreError::Foreign`]), or is damaged beyond what a crash can do ([`StoreError::Damaged`]).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::on(LockedFile::open(path.as_ref())?)
    }

    /// Keeps marks on a disk of the caller's.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open); locking is the caller's business.
    pub fn on(disk: impl Disk + 'static) -> Result<Self, StoreError> {
        Ok(Self(Mutex::new(Table::read(Box::new(disk))?)))
    }
}

impl Store for HighWaterFile {
    fn load(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.mark(quota)
    }

    fn persist(
        &self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.replace(quota, before, after)
    }
}

impl fmt::Debug for HighWaterFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HighWaterFile").finish_non_exhaustive()
    }
}
