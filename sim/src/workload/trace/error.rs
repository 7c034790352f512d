use std::{fmt, path::PathBuf};

/// What is wrong with a trace, and where.
#[derive(Debug)]
pub struct TraceError {
    pub(in crate::workload) path: PathBuf,
    pub(in crate::workload) line: Option<u64>,
    pub(in crate::workload) what: String,
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
