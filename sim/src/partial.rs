use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file that is written little by little.
///
/// It stands under a temporary name until it is complete; if it never is, nothing is left of it.
pub(crate) struct Partial {
    path: PathBuf,
    partial: PathBuf,
    pub(crate) out: BufWriter<fs::File>,
    is_complete: bool,
}

impl Partial {
    /// Begins a file that is to have this name.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let not = |found: &str| {
            let what = format!("expected the name of a file, found a {found}");
            Err(io::Error::other(what))
        };
        // A name in front of a device or a pipe would be put in its place, and a link in that of its file.
        let path = match fs::metadata(path) {
            Ok(found) if found.is_file() => fs::canonicalize(path)?,
            Ok(found) if found.is_dir() => return not("folder"),
            Ok(_) => return not("device or a pipe"),
            Err(_) => path.to_owned(),
        };
        let name = path.file_name();
        let name = name.ok_or_else(|| io::Error::other("expected the name of a file"))?;
        let partial = path.with_file_name(format!(".{}.partial", name.to_string_lossy()));
        Ok(Self {
            out: BufWriter::new(fs::File::create(&partial)?),
            path,
            partial,
            is_complete: false,
        })
    }

    /// The name that it is to have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        fs::rename(&self.partial, &self.path)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_complete {
            // Best effort: whatever went wrong is said elsewhere.
            let _ = fs::remove_file(&self.partial);
        }
    }
}
