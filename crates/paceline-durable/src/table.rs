use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, ErrorKind},
};

use crate::{
    Disk, Mark, QuotaId, StoreError,
    record::{BLANK, ERASED, LENGTH, MAGIC, Record},
};

/// The distance of copies, in bytes: what a disk may lose at once.
const BLOCK: u64 = 4_096;
/// Two slots of two copies.
const ENTRY: u64 = 4 * BLOCK;
/// The most entries: a file of 16 MiB.
const MOST: u64 = 1_024;

/// The entries of a file, as they are on disk.
pub(crate) struct Table {
    disk: Box<dyn Disk>,
    entries: BTreeMap<QuotaId, Entry>,
    /// Places that were begun and never finished.
    free: Vec<u64>,
    /// Places in the file.
    places: u64,
    /// Whether a write failed.
    poisoned: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    place: u64,
    /// Which of the four copies is whole and of the newest record. If its slot has two of them, it is
    /// the one that was written first.
    copy: u64,
    record: Record,
    /// Whether both copies in the slot are known to be durable.
    confirmed: bool,
}

/// The first copies of the two slots.
const SLOTS: [u64; 2] = [0, 2];

impl Table {
    pub(crate) fn read(mut disk: Box<dyn Disk>) -> Result<Self, StoreError> {
        let length = disk.length()?;
        let places = length.div_ceil(ENTRY);
        if places > MOST {
            return Err(StoreError::Foreign);
        }
        let mut table = Self {
            disk,
            entries: BTreeMap::new(),
            free: Vec::new(),
            places,
            poisoned: false,
        };
        let mut alien = false;
        for place in 0..places {
            let copies = table.copies(place, length)?;
            match newest(place, &copies) {
                Some(entry) => {
                    // Two entries of one quota are nothing that we write.
                    if table.entries.insert(entry.record.quota, entry).is_some() {
                        return Err(StoreError::Damaged);
                    }
                }
                // The second slot is written once the first is durable: this entry was never finished.
                None if copies[2..].iter().all(is_blank) => {
                    alien |= !may_be_begun(&copies[0]);
                    table.free.push(place);
                }
                None if table.entries.is_empty() && !copies.iter().any(is_ours) => alien = true,
                None => return Err(StoreError::Damaged),
            }
        }
        if alien && table.entries.is_empty() {
            return Err(StoreError::Foreign);
        }
        Ok(table)
    }

    pub(crate) fn mark(&self, quota: &QuotaId) -> Result<Option<Mark>, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        Ok(self.entries.get(quota).map(|entry| entry.record.mark))
    }

    pub(crate) fn replace(
        &mut self,
        quota: &QuotaId,
        before: Option<Mark>,
        after: Mark,
    ) -> Result<(), StoreError> {
        if self.mark(quota)? != before {
            return Err(StoreError::Overtaken);
        }
        let written = match self.entries.get(quota).copied() {
            Some(entry) => self.renew(entry, after),
            None => self.begin(*quota, after),
        };
        let entry = written.inspect_err(|err| self.poisoned = !matches!(err, StoreError::Full))?;
        self.entries.insert(*quota, entry);
        Ok(())
    }

    /// Writes a record to the slot that the newest is not in.
    fn renew(&mut self, mut entry: Entry, mark: Mark) -> Result<Entry, StoreError> {
        let Entry { place, record, .. } = entry;
        let [first, second] = SLOTS;
        let other = if entry.copy < second { second } else { first };
        if !entry.confirmed {
            // The other slot may be the only one that is durable, and so may be either copy in this one. So one copy
            // at a time, and first the one that is bad, or that was written last and may have failed to be.
            for copy in [entry.copy ^ 1, entry.copy] {
                entry.record.pass = entry.record.pass.checked_add(1).ok_or(StoreError::Full)?;
                self.write(place, copy, &entry.record.encode(place))?;
                self.disk.sync()?;
            }
            // Parts of a record that was cut off may stand in the other slot, and those of the next one complete it.
            self.fill(place, other, &[ERASED; LENGTH])?;
        }
        entry.copy = other;
        entry.confirmed = true;
        entry.record = Record {
            sequence: record.sequence.checked_add(1).ok_or(StoreError::Full)?,
            pass: 0,
            mark,
            ..record
        };
        self.fill(place, entry.copy, &entry.record.encode(place))?;
        Ok(entry)
    }

    /// Writes the first records of a quota.
    fn begin(&mut self, quota: QuotaId, mark: Mark) -> Result<Entry, StoreError> {
        let [first, second] = SLOTS;
        let place = match self.free.last().copied() {
            Some(place) => {
                // Here, too, parts of a record may stand. The second slot was never written.
                self.fill(place, first, &[BLANK; LENGTH])?;
                place
            }
            None if self.places < MOST => self.places,
            None => return Err(StoreError::Full),
        };
        let mut record = Record {
            sequence: 1,
            quota,
            mark,
            pass: 0,
        };
        self.fill(place, first, &record.encode(place))?;
        record.sequence = 2;
        self.fill(place, second, &record.encode(place))?;
        if self.free.pop().is_none() {
            self.places += 1;
        }
        Ok(Entry {
            place,
            copy: second,
            record,
            confirmed: true,
        })
    }

    /// Writes both copies of the slot that begins with `first`.
    fn fill(&mut self, place: u64, first: u64, bytes: &[u8; LENGTH]) -> io::Result<()> {
        for copy in [first, first + 1] {
            self.write(place, copy, bytes)?;
        }
        self.disk.sync()
    }

    fn write(&mut self, place: u64, copy: u64, bytes: &[u8; LENGTH]) -> io::Result<()> {
        let offset = place * ENTRY + copy * BLOCK;
        let mut done = 0;
        while done < LENGTH {
            match self.disk.write_at(offset + as_u64(done), &bytes[done..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// The four copies of an entry; what lies beyond the end of the file is zero.
    fn copies(&mut self, place: u64, length: u64) -> io::Result<[[u8; LENGTH]; 4]> {
        let mut copies = [[0; LENGTH]; 4];
        for (index, copy) in (0..).zip(&mut copies) {
            let offset = place * ENTRY + index * BLOCK;
            let there = length.saturating_sub(offset).min(as_u64(LENGTH));
            let there = usize::try_from(there).unwrap_or(LENGTH);
            let mut done = 0;
            while done < there {
                let into = &mut copy[done..there];
                match self.disk.read_at(offset + as_u64(done), into) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(read) => done += read,
                    Err(err) if err.kind() == ErrorKind::Interrupted => {}
                    Err(err) => return Err(err),
                }
            }
        }
        Ok(copies)
    }
}

/// The newest record of an entry, if any copy is whole.
fn newest(place: u64, copies: &[[u8; LENGTH]; 4]) -> Option<Entry> {
    let whole = (0..).zip(copies).filter_map(|(copy, bytes)| {
        let record = Record::decode(place, bytes)?;
        Some((copy, record))
    });
    let whole: Vec<_> = whole.collect();
    let rank = |(_, record): &&(u64, Record)| (record.sequence, Reverse(record.pass));
    let &(copy, mut record) = whole.iter().max_by_key(rank)?;
    let copies = whole
        .iter()
        .filter(|(_, other)| other.sequence == record.sequence);
    record.pass = copies
        .map(|(_, copy)| copy.pass)
        .max()
        .unwrap_or(record.pass);
    Some(Entry {
        place,
        copy,
        record,
        confirmed: false,
    })
}

fn is_blank(copy: &[u8; LENGTH]) -> bool {
    copy.iter().all(|&byte| byte == BLANK)
}

fn is_ours(copy: &[u8; LENGTH]) -> bool {
    copy.starts_with(&MAGIC)
}

/// Whether a copy may be the beginning of one of ours, cut off anywhere.
fn may_be_begun(copy: &[u8; LENGTH]) -> bool {
    let mut pairs = copy.iter().zip(&MAGIC);
    pairs.all(|(&byte, &ours)| byte == ours || byte == BLANK)
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
