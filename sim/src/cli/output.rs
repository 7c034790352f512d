//! Files that are there completely or not at all.

use std::{fs, io::BufWriter, path::Path};

use anyhow::Context;

use crate::{
    partial::Partial,
    report::{self, File, Origin},
    results::Comparison,
};

/// Makes the folder, and finds out whether it can be written to.
pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    fs::create_dir_all(folder).with_context(|| format!("{shown}: cannot make this folder"))?;
    let probe = folder.join(".paceline-probe");
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .with_context(|| format!("{shown}: expected a folder that can be written to"))
}

/// Writes all files under temporary names, and renames them when all are complete.
pub(super) fn write_all(folder: &Path, files: &[File]) -> anyhow::Result<()> {
    let partial = |file: &File| folder.join(format!(".{}.partial", file.name));
    let written = files
        .iter()
        .try_for_each(|file| fs::write(partial(file), &file.bytes));
    if let Err(err) = written {
        for file in files {
            // Best effort: what was not written is not there to remove.
            let _ = fs::remove_file(partial(file));
        }
        return Err(err).with_context(|| format!("{}: cannot write results", folder.display()));
    }
    for file in files {
        let path = folder.join(file.name);
        fs::rename(partial(file), &path).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}

/// Writes all files of a comparison.
pub(super) fn write_comparison(
    folder: &Path,
    comparison: &Comparison,
    origin: &Origin,
) -> anyhow::Result<()> {
    let files = report::files(comparison, origin).context("drawing the plots")?;
    write_all(folder, &files)
}

/// Writes a file under a temporary name while it is made, and renames it when it is complete.
pub(super) fn write_streamed<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let cannot = "cannot write here";
    let mut file = Partial::create(path).context(cannot)?;
    let value = write(&mut file.out)?;
    file.finish().context(cannot)?;
    Ok(value)
}
