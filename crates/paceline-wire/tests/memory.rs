//! Memory grows in proportion to the input, whatever the input is.

use std::alloc::System;

use paceline_core::Timestamp;
use paceline_wire::{pairs, read};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A single test, so that nobody else allocates meanwhile.
#[test]
fn what_is_allocated_is_bounded_by_the_input() {
    let length = 1 << 20;
    let mut worst = 0;
    // What a body begins with, and what it repeats.
    for (start, piece) in [
        ("", "{\"error\":"),
        ("", "["),
        ("", "{\"a\":["),
        ("[", "{\"error\":{\"message\":\"x\"}},"),
        ("[", "{\"type\":\"aa\",\"headers\":{\"a\":\"b\"}},"),
        ("[", "{\"quotaId\":\"a\"},"),
        ("[", "1e300,"),
        ("{\"message\":[", "1e300,"),
        ("{\"details\":[", "\"\","),
        ("", "a "),
        ("", "per a by "),
        ("", "limit 1 per 1 d "),
        ("", "perday "),
        ("", "retry in 1s 1m "),
        ("", "retry after for for "),
        ("", "data: {\"type\":\"a\"}\n\n"),
        ("", "data: {\"error\":\"\"}\n\n"),
        ("", "\u{1f980}"),
    ] {
        let body = start.to_owned() + &piece.repeat(length / piece.len());
        let field = "a;q=1;w=1, ".repeat(1_000) + "a;r=1";
        let headers = [
            ("ratelimit", &field),
            ("ratelimit-policy", &field),
            ("retry-after", &field),
        ];
        let input = body.len() + 3 * field.len();

        let region = Region::new(GLOBAL);
        let feedback = read(429, pairs(&headers), body.as_bytes(), Timestamp::EPOCH);
        let allocated = region.change().bytes_allocated;
        assert!(feedback.limits.len() < 200, "{piece:?}");
        assert!(
            allocated <= 40 * input,
            "{piece:?}: {allocated} bytes for {input}"
        );
        worst = worst.max(allocated / input);
    }
    assert!(worst > 0, "nothing was counted");
}
