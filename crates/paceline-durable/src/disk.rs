use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::StoreError;

/// What a [`HighWaterFile`](crate::HighWaterFile) needs of a file.
///
/// It is a trait so that faults can be put between the two. Reads and writes may be short, as those of
/// the operating system.
pub trait Disk: Send {
    /// The length in bytes.
    ///
    /// # Errors
    ///
    /// Fails as the medium does.
    fn length(&mut self) -> io::Result<u64>;

    /// Reads some bytes at `offset`, and says how many; zero is the end.
    ///
    /// # Errors
    ///
    /// Fails as the medium does.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes some bytes at `offset`, and says how many.
    ///
    /// # Errors
    ///
    /// Fails as the medium does; then any of the bytes may be written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Makes durable what was written, and the length.
    ///
    /// # Errors
    ///
    /// Fails as the medium does; then any of it may be durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file of the operating system, locked for as long as it is open.
pub(crate) struct LockedFile(File);

impl LockedFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = open_private(path)?;
        file.try_lock().map_err(|err| match err {
            TryLockError::WouldBlock => StoreError::Locked,
            TryLockError::Error(err) => err.into(),
        })?;
        Ok(Self(file))
    }
}

/// Opens a file, or makes it so that its owner alone can read and write it.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // Nothing tells whether whoever made the file lived to do this.
    sync_folder_of(path)?;
    Ok(file)
}

/// Makes the name of a file durable.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Elsewhere folders cannot be opened as files.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl Disk for LockedFile {
    fn length(&mut self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.read(into)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
