use std::io::{self, Write};

use paceline_core::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Writes trace events one after the other: an object with an array, in the JSON that Perfetto and Chrome
/// read.
///
/// Format: "Trace Event Format", the Chromium project. Times are microseconds since the start of the scenario.
pub(super) struct Events<W> {
    out: W,
    start: Timestamp,
    written: u64,
    most: u64,
    failed: Option<Failure>,
}

/// Why a trace is not complete.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be written.
    Write(io::Error),
    /// There would be more events than allowed from this time on.
    TooMany(Timestamp),
}

/// One event; fields are named as in the format.
#[derive(Debug, Serialize)]
struct Event<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'a str>,
    ph: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'a str>,
    ts: f64,
    pid: u64,
    tid: u64,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

/// A slice on a track of its own, which slices with the same category and number nest in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    pub(super) name: &'a str,
    pub(super) category: &'a str,
    pub(super) id: u64,
    pub(super) process: u64,
}

impl<W: Write> Events<W> {
    /// Begins a trace.
    pub(super) fn begin(out: W, start: Timestamp, most: u64, about: &Value) -> Self {
        let mut events = Self {
            out,
            start,
            written: 0,
            most,
            failed: None,
        };
        let head = format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[");
        events.put(head.as_bytes());
        events
    }

    /// Ends the trace, and says how many events it has.
    pub(super) fn end(mut self) -> Result<u64, Failure> {
        self.put(b"\n]}\n");
        match self.failed {
            None => Ok(self.written),
            Some(failure) => Err(failure),
        }
    }

    /// Whether nothing more can be written.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Names a process, which viewers show as a group of tracks, and places it.
    pub(super) fn process(&mut self, at: Timestamp, pid: u64, name: &str) {
        for (kind, args) in [
            ("process_name", serde_json::json!({ "name": name })),
            (
                "process_sort_index",
                serde_json::json!({ "sort_index": pid }),
            ),
            (
                "thread_name",
                serde_json::json!({ "name": "refusals and failures" }),
            ),
        ] {
            self.write(at, "M", kind, pid, args, |_| {});
        }
    }

    pub(super) fn open(&mut self, at: Timestamp, slice: Slice<'_>, args: Value) {
        self.slice(at, "b", slice, args);
    }

    pub(super) fn close(&mut self, at: Timestamp, slice: Slice<'_>, args: Value) {
        self.slice(at, "e", slice, args);
    }

    fn slice(&mut self, at: Timestamp, phase: &str, slice: Slice<'_>, args: Value) {
        self.write(at, phase, slice.name, slice.process, args, |event| {
            event.cat = Some(slice.category);
            event.id = Some(format!("{:#x}", slice.id));
        });
    }

    /// Something that takes no time.
    pub(super) fn instant(&mut self, at: Timestamp, pid: u64, name: &str, args: Value) {
        self.write(at, "i", name, pid, args, |event| event.s = Some("t"));
    }

    /// A number that holds from now on.
    pub(super) fn counter(&mut self, at: Timestamp, pid: u64, name: &str, value: u64) {
        let args = serde_json::json!({ "value": value });
        self.write(at, "C", name, pid, args, |_| {});
    }

    fn write<'a>(
        &mut self,
        at: Timestamp,
        ph: &'a str,
        name: &'a str,
        pid: u64,
        args: Value,
        more: impl FnOnce(&mut Event<'a>),
    ) {
        if self.failed.is_none() && self.written == self.most {
            self.failed = Some(Failure::TooMany(at));
        }
        if self.failed.is_some() {
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "centuries keep a fraction of a microsecond"
        )]
        let ts = at.saturating_duration_since(self.start).as_nanos() as f64 / 1e3;
        let mut event = Event {
            name,
            cat: None,
            ph,
            id: None,
            s: None,
            ts,
            pid,
            tid: pid,
            args,
        };
        more(&mut event);
        self.put(if self.written == 0 { b"\n" } else { b",\n" });
        // Its keys are strings and its numbers finite, so only writing can fail.
        if let Err(err) = serde_json::to_writer(&mut self.out, &event) {
            self.failed = Some(Failure::Write(err.into()));
        }
        self.written += 1;
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.failed.is_none()
            && let Err(err) = self.out.write_all(bytes)
        {
            self.failed = Some(Failure::Write(err));
        }
    }
}
