//! A disk in memory with a cache in front, which goes wrong as it is told to.

#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    io::{self, ErrorKind},
    sync::{Arc, Mutex, MutexGuard},
};

use paceline_durable::Disk;

/// The medium; it outlives processes and crashes.
#[derive(Clone, Default)]
pub(crate) struct Medium(Arc<Mutex<State>>);

/// The medium as one process sees it. After a crash nothing works any more.
pub(crate) struct Handle {
    medium: Medium,
    epoch: u64,
}

#[derive(Default)]
struct State {
    epoch: u64,
    platter: Vec<u8>,
    cache: Vec<u8>,
    pending: Vec<Write>,
    calls: u64,
    plan: Option<Plan>,
}

/// Writes that were not flushed.
struct Write {
    offset: usize,
    bytes: Vec<u8>,
}

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Call {
    Length,
    Read,
    Write,
    Sync,
}

/// What goes wrong with one call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Of a read or a write, so many bytes are done, and no error is told.
    Short(usize),
    /// An error; of a write, so many bytes are done.
    Error(ErrorKind, usize),
    /// An error of a flush. Writes have these fates, and what has none is lost. The cache stays, and nobody
    /// will write it any more: that is what Linux does.
    FailedFlush(Vec<Fate>),
    /// The process ends before the call.
    Kill,
}

/// What becomes of a write that was not flushed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Lost,
    Whole,
    Prefix(usize),
    Suffix(usize),
    /// Of the bytes, those whose word of eight has its bit set.
    Words(u32),
    /// The whole block of 4 KiB is filled with this.
    Garbage(u8),
}

type Plan = Box<dyn FnMut(u64, Call) -> Option<Fault> + Send>;

impl Medium {
    /// The medium for a new process.
    pub(crate) fn handle(&self) -> Handle {
        let epoch = self.state().epoch;
        Handle {
            medium: self.clone(),
            epoch,
        }
    }

    /// Asks this before every call, with the number of the call, from 0 again.
    pub(crate) fn plan(&self, plan: impl FnMut(u64, Call) -> Option<Fault> + Send + 'static) {
        let mut state = self.state();
        state.calls = 0;
        state.plan = Some(Box::new(plan));
    }

    /// From now on nothing goes wrong; says how many calls there were since the plan was made.
    pub(crate) fn heal(&self) -> u64 {
        let mut state = self.state();
        state.plan = None;
        state.calls
    }

    /// The process ends: handles are dead, and the cache stays.
    pub(crate) fn kill(&self) {
        self.state().epoch += 1;
    }

    /// The power fails: what was not flushed has these fates, in order of writing, and handles are dead.
    pub(crate) fn crash(&self, fates: &mut dyn FnMut(usize) -> Fate) {
        let mut state = self.state();
        state.land(fates);
        state.cache = state.platter.clone();
        state.epoch += 1;
        state.plan = None;
    }

    /// The bytes as they would be after a crash that loses all that was not flushed.
    pub(crate) fn platter(&self) -> Vec<u8> {
        self.state().platter.clone()
    }

    /// A medium that holds these bytes.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        let state = State {
            cache: bytes.clone(),
            platter: bytes,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics under the lock")
    }
}

impl State {
    fn land(&mut self, fates: &mut dyn FnMut(usize) -> Fate) {
        for (index, Write { offset, bytes }) in std::mem::take(&mut self.pending).iter().enumerate()
        {
            let length = bytes.len();
            match fates(index) {
                Fate::Lost => {}
                Fate::Whole => put(&mut self.platter, *offset, bytes),
                Fate::Prefix(most) => put(&mut self.platter, *offset, &bytes[..most.min(length)]),
                Fate::Suffix(from) => {
                    let from = from.min(length);
                    put(&mut self.platter, offset + from, &bytes[from..]);
                }
                Fate::Words(kept) => {
                    for (word, part) in bytes.chunks(8).enumerate() {
                        if kept >> (word % 32) & 1 == 1 {
                            put(&mut self.platter, offset + word * 8, part);
                        }
                    }
                }
                Fate::Garbage(byte) => {
                    put(&mut self.platter, offset / 4_096 * 4_096, &[byte; 4_096]);
                }
            }
        }
    }
}

impl Handle {
    fn call(&self, call: Call) -> io::Result<(MutexGuard<'_, State>, Option<usize>)> {
        let mut state = self.medium.state();
        if state.epoch != self.epoch {
            return Err(io::Error::other("this process has ended"));
        }
        let number = state.calls;
        state.calls += 1;
        let fault = state.plan.as_mut().and_then(|plan| plan(number, call));
        match fault {
            None => Ok((state, None)),
            Some(Fault::Short(most)) => Ok((state, Some(most))),
            Some(Fault::Error(kind, most)) => {
                drop(state);
                Err(Failure { kind, most }.into())
            }
            Some(Fault::FailedFlush(fates)) => {
                state.land(&mut |index| fates.get(index).copied().unwrap_or(Fate::Lost));
                Err(ErrorKind::Other.into())
            }
            Some(Fault::Kill) => {
                state.epoch += 1;
                Err(io::Error::other("this process ends here"))
            }
        }
    }
}

/// An error that says how much was done before it.
#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    most: usize,
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind, failure)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} after {} bytes", self.kind, self.most)
    }
}

impl std::error::Error for Failure {}

fn most_of(err: &io::Error) -> usize {
    let failure = err.get_ref().and_then(|err| err.downcast_ref::<Failure>());
    failure.map_or(0, |failure| failure.most)
}

impl Disk for Handle {
    fn length(&mut self) -> io::Result<u64> {
        let (state, _) = self.call(Call::Length)?;
        Ok(state.cache.len() as u64)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let (state, most) = self.call(Call::Read)?;
        let offset = usize::try_from(offset).expect("small");
        let there = state.cache.get(offset..).unwrap_or_default();
        let length = into.len().min(there.len()).min(most.unwrap_or(usize::MAX));
        into[..length].copy_from_slice(&there[..length]);
        Ok(length)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).expect("small");
        let (mut state, most, failed) = match self.call(Call::Write) {
            Ok((state, most)) => (state, most.unwrap_or(usize::MAX), None),
            Err(err) if most_of(&err) > 0 => (self.medium.state(), most_of(&err), Some(err)),
            Err(err) => return Err(err),
        };
        let length = bytes.len().min(most);
        let bytes = bytes[..length].to_vec();
        put(&mut state.cache, offset, &bytes);
        state.pending.push(Write { offset, bytes });
        failed.map_or(Ok(length), Err)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut state, _) = self.call(Call::Sync)?;
        state.land(&mut |_| Fate::Whole);
        Ok(())
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, content: &[u8]) {
    let end = offset + content.len();
    if !content.is_empty() && bytes.len() < end {
        bytes.resize(end, 0);
    }
    if !content.is_empty() {
        bytes[offset..end].copy_from_slice(content);
    }
}
