//! Processes of one example that begin their work together.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A process that is about to begin.
pub(crate) struct Worker {
    child: Child,
    start: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program once more, with `worker` and these arguments, and waits until it is [`ready`].
    pub(crate) fn spawn<S: AsRef<std::ffi::OsStr>>(
        arguments: impl IntoIterator<Item = S>,
    ) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let start = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut says = BufReader::new(output);
        says.read_line(&mut String::new())?;
        Ok(Self { child, start, says })
    }

    pub(crate) fn go(&mut self) -> io::Result<()> {
        self.start.write_all(b"go\n")
    }

    /// The numbers that it says in the end.
    pub(crate) fn numbers<const N: usize>(mut self) -> io::Result<[u64; N]> {
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        self.child.wait()?;
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
        let said = |_| io::Error::other(format!("a process said {line:?}"));
        numbers.try_into().map_err(said)
    }
}

/// In the other process: says that it is ready, and waits until it may begin.
pub(crate) fn ready() -> io::Result<()> {
    println!("ready");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
