//! What real providers were seen to say, and what limiters and dialects together say instead.

use std::time::Duration;

use paceline_core::{Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_sliding_window::SlidingLog;

use super::{Estimate, Family, Row, azure::AZURE, lab::count};
use crate::{
    model::dialect::{Occasion, Response, State, write},
    scenario::{
        limit::{Kind, RateLimit},
        provider::Dialect,
    },
};

const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

/// Limit, used, requested, and what they were told to wait.
type Message = (u64, u64, u64, &'static str);

/// Refusals by OpenAI's tokens per minute, whose wait is a whole number of milliseconds.
///
/// From public threads and tests that quote them, among them openai/codex, FoundationAgents/MetaGPT#523
/// and BuilderIO/micro-agent#86.
const OPENAI: [Message; 6] = [
    (30_000, 22_999, 12_528, "11.054s"),
    (30_000, 26_713, 7_669, "8.764s"),
    (10_000, 8_554, 3_082, "9.816s"),
    (30_000, 29_937, 385, "644ms"),
    (30_000, 24_102, 7_758, "3.72s"),
    (30_000, 22_719, 16_558, "18.554s"),
];

/// Refusals by Groq's tokens per day, from public threads, among them ago19800/HomeMind#29.
const GROQ: [Message; 4] = [
    (100_000, 92_808, 9_550, "33m57.312s"),
    (100_000, 99_912, 480, "5m38.688s"),
    (100_000, 99_833, 1_928, "25m21.504s"),
    (100_000, 95_514, 7_582, "44m34.944s"),
];

/// Refusals by OpenAI whose wait is no whole number of milliseconds; what is left over was dropped.
const CUT_OFF: [Message; 8] = [
    (200_000, 187_948, 53_803, "12.525s"),
    (200_000, 193_244, 7_168, "123ms"),
    (200_000, 197_168, 5_194, "708ms"),
    (200_000, 124_325, 81_594, "1.775s"),
    (200_000, 200_000, 775, "232ms"),
    (200_000, 200_000, 4_521, "1.356s"),
    (200_000, 165_785, 47_118, "3.87s"),
    (200_000, 200_000, 119_506, "35.851s"),
];

/// Limit, remaining and reset of OpenAI's tokens per minute: captured through Kong, 2025-01-04, by
/// curl, 2024-12-25, and as karstenheld3/OpenAI-BackendTools has them, 2026-01-31.
const RESETS: [(u64, u64, &str); 3] = [
    (10_000, 9_481, "3.114s"),
    (200_000, 199_978, "6ms"),
    (100_000, 99_984, "9ms"),
];

pub(super) fn rows() -> Vec<Row> {
    let threads = "public threads and tests that quote it";
    let said = |dialect, quota: fn(u64) -> Quota, messages: &[Message]| {
        let said = messages.iter();
        said.filter(|message| says(dialect, quota, message)).count()
    };
    vec![
        row(
            ("GCRA in OpenAI's words", "6 refusals"),
            ("repeated to the last digit", OPENAI.len()),
            threads,
            said(Dialect::OpenAi, Quota::per_minute, &OPENAI),
        ),
        row(
            ("GCRA in Groq's words", "4 refusals"),
            ("repeated to the last digit", GROQ.len()),
            threads,
            said(Dialect::Groq, Quota::per_day, &GROQ),
        ),
        // Whoever obeys the real provider may be too early by less than that; ours says it in full.
        row(
            (
                "GCRA in OpenAI's words",
                "8 refusals with a fraction of a ms",
            ),
            ("rounded up, where OpenAI cuts off", CUT_OFF.len()),
            threads,
            CUT_OFF.iter().filter(|cut| is_rounded_up(cut)).count(),
        ),
        row(
            ("GCRA in OpenAI's words", "3 headers"),
            ("resets repeated to the last digit", RESETS.len()),
            "captured 2024-12 to 2026-01",
            RESETS.iter().filter(|reset| is_reset(reset)).count(),
        ),
        // The second request of one run came 9.81 s after the first by the client's clock, which does not
        // know how long each took to arrive.
        row(
            ("log of 10 s as Azure's", "122 requests in 12 runs"),
            ("answered alike, all but one", 121),
            "aoai-testing",
            AZURE.iter().map(|(times, seen)| alike(times, seen)).sum(),
        ),
    ]
}

fn row(
    (model, parameters): (&str, &str),
    (quantity, expected): (&str, usize),
    source: &'static str,
    measured: usize,
) -> Row {
    Family::Recorded.row(
        model,
        parameters.to_owned(),
        quantity,
        count(expected as u64),
        source,
        Estimate::exact(count(measured as u64)),
    )
}

/// What a provider says whose limiter is brought to `used` and asked for `requested`, if it refuses.
fn refused(dialect: Dialect, quota: Quota, used: u64, requested: u64) -> Option<Response> {
    let mut gcra = Gcra::new(quota);
    gcra.try_acquire(NOW, used).ok()?;
    let wait = |cost| gcra.check(NOW, cost).err()?.retry_after(NOW);
    let retry_after = wait(requested)?;
    let rate = RateLimit {
        window_safe: false,
        counts: Dimension::Tokens,
        quota,
        per: String::new(),
        kind: Kind::Gcra,
    };
    let state = State {
        rate: &rate,
        remaining: gcra.available(NOW),
        full_at: NOW.saturating_add(wait(quota.limit()).unwrap_or_default()),
    };
    let occasion = Occasion::Refusal {
        requested,
        by: 0,
        retry_after: Some(retry_after),
    };
    Some(write(dialect, NOW, occasion, &[state]))
}

/// Whether the numbers and the wait are the recorded ones.
fn says(dialect: Dialect, quota: fn(u64) -> Quota, message: &Message) -> bool {
    let &(limit, used, requested, wait) = message;
    let said =
        format!("Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}.");
    let response = refused(dialect, quota(limit), used, requested);
    response.is_some_and(|response| response.body.contains(&said))
}

/// Whether the wait is a millisecond longer than the recorded one.
fn is_rounded_up(&(limit, used, requested, wait): &Message) -> bool {
    let response = refused(Dialect::OpenAi, Quota::per_minute(limit), used, requested);
    let none = paceline_wire::pairs::<&str, &str>(&[]);
    let read = |body: &str| paceline_wire::read(429, none, body.as_bytes(), NOW).retry_after(NOW);
    let ours = response.and_then(|response| read(&response.body));
    let theirs = read(&format!("Please try again in {wait}."));
    let more = ours
        .zip(theirs)
        .and_then(|(ours, theirs)| ours.checked_sub(theirs));
    more == Some(Duration::from_millis(1))
}

/// Whether the header says the recorded reset.
fn is_reset(&(limit, remaining, reset): &(u64, u64, &str)) -> bool {
    let quota = Quota::per_minute(limit);
    let header = ("x-ratelimit-reset-tokens", reset.to_owned());
    refused(Dialect::OpenAi, quota, limit - remaining, limit)
        .is_some_and(|response| response.headers.contains(&header))
}

/// How many requests of a run are admitted or refused as they were, and leave what they left.
fn alike(times: &[f64], seen: &[Option<u64>]) -> usize {
    const LIMIT: u64 = 10;
    const PERIOD: Duration = Duration::from_secs(10);

    let Ok(quota) = Quota::new(LIMIT, PERIOD) else {
        return 0;
    };
    let mut log = SlidingLog::new(quota);
    let requests = times.iter().zip(seen);
    let alike = requests.filter(|&(seconds, &seen)| {
        let now = Timestamp::EPOCH.saturating_add(Duration::from_secs_f64(*seconds));
        let admitted = log.try_acquire(now, 1).is_ok();
        if !admitted {
            // Azure counts refused calls too; nothing that remains was seen after one, to tell.
            log.charge(now, 1);
        }
        admitted.then(|| log.available(now)) == seen
    });
    alike.count()
}
