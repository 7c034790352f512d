//! Reads a recorded 429 and says what to do.

use std::io::{self, Write};

use paceline_core::{Class, Timestamp};
use paceline_wire::{pairs, read};

const HEADERS: [(&str, &str); 7] = [
    ("Date", "Tue, 24 Nov 2026 12:00:00 GMT"),
    ("Content-Type", "application/json"),
    ("X-RateLimit-Limit-Requests", "14400"),
    ("X-RateLimit-Remaining-Requests", "14399"),
    ("X-RateLimit-Reset-Requests", "6s"),
    ("X-RateLimit-Limit-Tokens", "6000"),
    ("X-RateLimit-Remaining-Tokens", "1200"),
];

const BODY: &str = r#"{"error":{"message":"Rate limit reached for model `tiny` on tokens per minute (TPM): Limit 6000, Used 4800, Requested 2000. Please try again in 8s.","type":"tokens","code":"rate_limit_exceeded"}}"#;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    // In a program, this is `SystemClock::now` of `paceline-tokio`.
    let now = Timestamp::from_nanos(1_795_521_600_000_000_000);
    let feedback = read(429, pairs(&HEADERS), BODY.as_bytes(), now);

    for limit in &feedback.limits {
        let count =
            |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
        writeln!(
            out,
            "{:?} over {:?}: {} of {} left{}",
            limit.metric,
            limit.window,
            count(limit.remaining),
            count(limit.limit),
            if limit.refused {
                ", and it refused the request"
            } else {
                ""
            }
        )?;
    }
    match (feedback.class, feedback.retry_after(now)) {
        (Class::Ok, _) => writeln!(out, "go on"),
        (Class::Pace | Class::Overload, Some(floor)) => {
            writeln!(out, "try again in {floor:?}, plus jitter")
        }
        (Class::Pace | Class::Overload, None) => writeln!(out, "back off, with jitter"),
        (Class::Quota, Some(floor)) => writeln!(out, "go elsewhere for {floor:?}"),
        (Class::Quota, None) => writeln!(out, "go elsewhere until the quota's period ends"),
        (Class::Billing, _) => writeln!(out, "tell whoever pays"),
        (Class::TooLarge, _) => writeln!(out, "send less"),
        (class, _) => writeln!(out, "no limit is the cause: {class}"),
    }
}
