use std::{
    fmt,
    io::{self, ErrorKind},
    sync::{Mutex, MutexGuard},
};

use paceline_durable::Disk;
use redb::StorageBackend;

use crate::faulty::Handle;

/// A medium below redb.
pub(crate) struct Backend(Mutex<Handle>);

impl Backend {
    pub(crate) const fn new(handle: Handle) -> Self {
        Self(Mutex::new(handle))
    }

    fn handle(&self) -> MutexGuard<'_, Handle> {
        self.0.lock().expect("nobody panics under the lock")
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").finish_non_exhaustive()
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.handle().length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.handle().read_at(offset, out)? < out.len() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// It only grows: what lies beyond a shorter length is never read.
    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut handle = self.handle();
        if handle.length()? < len {
            handle.write_at(len - 1, &[0])?;
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.handle().sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.handle().write_at(offset, data).map(drop)
    }
}
