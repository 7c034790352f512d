use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{BufRead, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::{Head, Outcome, Shard};

/// The longest line of a journal that is read: beyond what any point writes.
const LONGEST_LINE: u64 = 16 << 20;

/// The points of one shard that are done, in a file to which each adds a line.
///
/// The first line says what sweep it is. A line that was cut off by a crash is dropped, and its point
/// runs again.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    done: Vec<Outcome>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct FirstLine {
    format: u32,
    shard: Shard,
    sweep: Head,
}

/// Changes whenever the lines do.
const FORMAT: u32 = 1;

impl Journal {
    /// The name of the file of a shard.
    pub fn name(shard: Shard) -> String {
        format!("points-{}-of-{}.jsonl", shard.number, shard.count)
    }

    /// Opens the journal of a shard in a folder, or begins one.
    ///
    /// # Errors
    ///
    /// Fails if it belongs to another sweep, another process writes to it, or it cannot be read.
    pub fn open(folder: &Path, head: &Head, shard: Shard) -> anyhow::Result<Self> {
        let path = folder.join(Self::name(shard));
        let shown = path.display().to_string();
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = opened.with_context(|| shown.clone())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{shown}: another process writes to it"),
            Err(TryLockError::Error(err)) => return Err(err).context(shown),
        }
        let mut journal = Self {
            path,
            file,
            done: Vec::new(),
        };
        let found = journal.read().with_context(|| shown.clone())?;
        match found {
            None => journal.begin(head, shard).with_context(|| shown)?,
            Some(found)
                if found
                    == (FirstLine {
                        format: FORMAT,
                        shard,
                        sweep: head.clone(),
                    }) => {}
            Some(_) => bail!(
                "{shown}: it belongs to another sweep: other values, another seed, another scenario or trace, or another version; remove it, or choose another folder"
            ),
        }
        Ok(journal)
    }

    /// Reads the journal of a shard without writing to it.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read or is not one.
    pub fn load(path: &Path) -> anyhow::Result<(Head, Shard, Vec<Outcome>)> {
        let read = || -> anyhow::Result<_> {
            let mut journal = Self {
                path: path.to_owned(),
                file: File::open(path)?,
                done: Vec::new(),
            };
            let first = journal
                .read()?
                .context("expected a journal of `sim sweep`, found nothing")?;
            Ok((first.sweep, first.shard, journal.done))
        };
        read().with_context(|| format!("{}", path.display()))
    }

    /// The points that are done.
    pub fn done(&self) -> &[Outcome] {
        &self.done
    }

    /// Adds a point that is done.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn add(&mut self, outcome: Outcome) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&outcome)?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .with_context(|| format!("{}", self.path.display()))?;
        self.done.push(outcome);
        Ok(())
    }

    fn begin(&mut self, head: &Head, shard: Shard) -> anyhow::Result<()> {
        let first = FirstLine {
            format: FORMAT,
            shard,
            sweep: head.clone(),
        };
        let mut line = serde_json::to_vec(&first)?;
        line.push(b'\n');
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&line)?;
        Ok(())
    }

    /// Reads what is whole, and goes to where the next line belongs.
    fn read(&mut self) -> anyhow::Result<Option<FirstLine>> {
        let mut reader = BufReader::new(&self.file);
        let (mut first, mut whole, mut line) = (None, 0, Vec::new());
        for number in 1_u64.. {
            line.clear();
            let read = reader
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)? as u64;
            if line.last() != Some(&b'\n') {
                if read == LONGEST_LINE {
                    bail!("line {number} is longer than {LONGEST_LINE} bytes");
                }
                break;
            }
            if first.is_none() {
                let parsed = serde_json::from_slice(&line);
                first = Some(parsed.context("line 1: expected the head of a sweep")?);
            } else {
                let parsed: Outcome = serde_json::from_slice(&line)
                    .with_context(|| format!("line {number}: expected a point of a sweep"))?;
                self.done.push(parsed);
            }
            whole += read;
        }
        self.file.seek(std::io::SeekFrom::Start(whole))?;
        Ok(first)
    }
}
