use std::{error, fmt, io, sync::Arc};

use crate::{Mark, QuotaId};

/// Where marks are kept.
///
/// A store holds the newest [`Mark`] of each quota, and several quotas can share it. It says nothing
/// about time: windows are the business of [`DurableQuota`](crate::DurableQuota). A limiter whose state is
/// elsewhere, such as in a server, can use a store of its own as a floor under what it is told.
///
/// # Contract
///
/// 1. What [`persist`](Self::persist) answered `Ok` to is durable: [`load`](Self::load) finds it, or a
///    later one, after any crash.
/// 2. If `persist` failed, or was cut off, `load` may find the mark before it, or the one after. The latter may
///    not be durable, so nothing should rely on a mark before it was persisted anew.
/// 3. After a failure that leaves open what is durable, nothing is persisted any more until the store is
///    opened again.
pub trait Store: Send + Sync {
    /// The newest mark of a quota, or `None` if none was ever persisted.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read, or is known to be damaged.
    fn load(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError>;

    /// Replaces the mark of a quota, durably, before it returns.
    ///
    /// # Errors
    ///
    /// Fails with [`StoreError::Overtaken`] if the newest mark is not `before`, and otherwise if `after`
    /// may not be durable.
    fn persist(&self, quota: &QuotaId, before: Option<Mark>, after: Mark)
    -> Result<(), StoreError>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError> {
        (**self).load(quota)
    }

    fn persist(
        &self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        (**self).persist(quota, before, after)
    }
}

/// Why a store cannot be relied on.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading or writing failed.
    Io(io::Error),
    /// Another process, or another handle of this one, has the store open.
    Locked,
    /// The file was written by something else, or by another version.
    Foreign,
    /// The file is damaged beyond what a crash can do.
    Damaged,
    /// There is no room for another quota.
    Full,
    /// Somebody else counts this quota, too, and has changed its mark.
    Overtaken,
    /// A write failed earlier, so that it is unknown what is durable.
    Poisoned,
    /// Something of the store's own.
    Other(Box<dyn error::Error + Send + Sync>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io(err) => return write!(f, "quota store: {err}"),
            Self::Other(err) => return write!(f, "quota store: {err}"),
            Self::Locked => "quota store is open elsewhere",
            Self::Foreign => "file is no quota store, or one of another version",
            Self::Damaged => "quota store is damaged",
            Self::Full => "quota store has no room for another quota",
            Self::Overtaken => "quota is counted by somebody else, too",
            Self::Poisoned => "quota store failed to write earlier, and must be opened again",
        })
    }
}

impl error::Error for StoreError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(err) => Some(err),
            Self::Other(err) => Some(err.as_ref()),
            _ => None,
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}
