//! Reads a response whose lines are a status, headers, a blank line and a body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use paceline_core::{Class, Timestamp};
use paceline_wire::{pairs, read, read_event};

fuzz_target!(|input: &[u8]| {
    let at = Timestamp::from_nanos(1_795_521_600_000_000_000);
    let mut rest = input;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&rest[..end]).ok();
        rest = &rest[end + 1..];
        line
    };
    let status = line().and_then(|line| line.parse().ok()).unwrap_or(429);
    let mut headers = Vec::new();
    while let Some((name, value)) = line().and_then(|line| line.split_once(':')) {
        headers.push((name, value.trim()));
    }
    let feedback = read(status, pairs(&headers), rest, at);
    assert!(feedback.class != Class::Ok || feedback.hint.is_none());
    read_event(rest, at);
});
