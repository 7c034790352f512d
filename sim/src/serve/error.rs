use std::{fmt, io, path::PathBuf};

use super::server::Server;
use crate::workload::TraceError;

/// Why a provider cannot be served, or no longer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// There is no provider of this name among those.
    NoSuchProvider(String, Vec<String>),
    /// The speed is out of range.
    Speed(f64),
    /// It cannot listen at this address.
    Listen(String, io::Error),
    /// It cannot write what it sees to this file.
    Record(PathBuf, io::Error),
    /// It cannot start a thread for the model.
    Thread(io::Error),
    /// There is no randomness for the secret under which API keys are hashed.
    Random(getrandom::Error),
    /// The trace of a tenant cannot be read.
    Trace(TraceError),
    /// The thread of the model ended before its time.
    Model,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProvider(name, all) => {
                let all: Vec<_> = all.iter().map(|it| format!("`{it}`")).collect();
                let all = all.join(", ");
                write!(f, "--provider: none is named `{name}`; there are {all}")
            }
            Self::Speed(speed) => {
                let most = Server::FASTEST;
                write!(f, "--speed: expected above 0 to {most}, found {speed}")
            }
            Self::Listen(address, err) => {
                write!(f, "--listen: cannot listen at `{address}`: {err}")
            }
            Self::Record(path, err) => {
                write!(f, "--record: cannot write to `{}`: {err}", path.display())
            }
            Self::Thread(err) => write!(f, "cannot start a thread: {err}"),
            Self::Random(err) => write!(f, "no randomness: {err}"),
            Self::Trace(err) => write!(f, "{err}"),
            Self::Model => write!(f, "the model ended before its time"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<TraceError> for ServeError {
    fn from(err: TraceError) -> Self {
        Self::Trace(err)
    }
}
