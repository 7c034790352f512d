//! Streams of server-sent events, as far as an error in one of them matters.

use alloc::vec::Vec;

use crate::{body::Body, json};

/// Whether bytes look like a stream of events.
pub(crate) fn is_stream(bytes: &[u8]) -> bool {
    [&b"data:"[..], b"event:", b"id:", b"retry:", b":"]
        .into_iter()
        .any(|field| bytes.starts_with(field))
}

/// What the first event says that is an error; nothing if none is.
pub(crate) fn first_error(stream: &[u8]) -> Body {
    let mut data = Vec::new();
    for line in stream.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(value) = line.strip_prefix(b"data:") {
            data.extend_from_slice(value);
            data.push(b'\n');
        } else if line.is_empty() {
            if let Some(error) = error(&data) {
                return error;
            }
            data.clear();
        }
    }
    // The last event may lack its blank line.
    error(&data).unwrap_or_default()
}

fn error(data: &[u8]) -> Option<Body> {
    let mut body = Body::default();
    json::read(data, &mut body);
    body.is_error.then_some(body)
}
