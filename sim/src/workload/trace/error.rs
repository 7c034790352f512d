use std::{fmt, path::PathBuf};

/// What is wrong with a trace, and where.
#[derive(Debug)]
pub struct TraceError {
    pub(super) path: PathBuf,
    pub(super) line: Option<u64>,
    pub(super) what: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for TraceError {}
