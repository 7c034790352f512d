use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

/// The lines of a file that may be compressed, one at a time, each of a bounded length.
///
/// Compression is told by the first two bytes. What comes out of it is never collected, so a small file
/// that unpacks into a huge one costs time and no memory.
#[derive(Debug)]
pub(in crate::workload) struct Lines {
    input: Input,
    line: Vec<u8>,
    number: u64,
}

#[derive(Debug)]
enum Input {
    Plain(BufReader<File>),
    Gzip(BufReader<MultiGzDecoder<BufReader<File>>>),
}

const LONGEST_LINE: usize = 64 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Lines {
    /// Opens a file.
    pub(in crate::workload) fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        if file.get_ref().metadata()?.is_dir() {
            return Err(invalid("expected a trace, found a folder"));
        }
        let input = if file.fill_buf()?.starts_with(&GZIP) {
            Input::Gzip(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            Input::Plain(file)
        };
        Ok(Self {
            input,
            line: Vec::new(),
            number: 0,
        })
    }

    /// The number of the line that was read last, counted from 1.
    pub(in crate::workload) const fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next line that is not blank, without white space around it; whether there was one.
    ///
    /// Fails on a line that is too long, no UTF-8, or cut off by a broken file.
    pub(in crate::workload) fn advance(&mut self) -> io::Result<bool> {
        loop {
            self.line.clear();
            self.number += 1;
            let more = match &mut self.input {
                Input::Plain(file) => read_line(file, &mut self.line),
                Input::Gzip(file) => read_line(file, &mut self.line),
            }?;
            if !self.text()?.is_empty() {
                return Ok(true);
            }
            if !more {
                return Ok(false);
            }
        }
    }

    /// The line that was read last.
    pub(in crate::workload) fn text(&self) -> io::Result<&str> {
        let text = str::from_utf8(&self.line).map_err(|_| invalid("expected UTF-8 text"))?;
        Ok(text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']))
    }
}

/// Appends what comes up to a line feed; whether there was one.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let ready = match input.fill_buf() {
            Err(err) if err.kind() == ErrorKind::Interrupted => continue,
            ready => ready?,
        };
        let end = ready.iter().position(|&byte| byte == b'\n');
        let part = end.map_or(ready.len(), |end| end + 1);
        if line.len() + part > LONGEST_LINE {
            return Err(invalid("expected lines of at most 64 KiB"));
        }
        line.extend_from_slice(&ready[..part]);
        input.consume(part);
        if end.is_some() || part == 0 {
            return Ok(end.is_some());
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
