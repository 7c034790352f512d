//! Limiters and dialects together say what real providers were seen to say, to the last digit.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_sim::{
    model::dialect::{Occasion, Response, State, write},
    scenario::{
        limit::{Kind, RateLimit},
        provider::Dialect,
    },
};
use paceline_sliding_window::SlidingLog;

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

/// What a provider says whose limiter is brought to `used` and asked for `requested`.
fn refused(dialect: Dialect, quota: Quota, used: u64, requested: u64) -> Response {
    let mut gcra = Gcra::new(quota);
    gcra.try_acquire(NOW, used).expect("within the burst");
    let wait = |cost| gcra.check(NOW, cost).err()?.retry_after(NOW);
    let retry_after = wait(requested);
    assert!(retry_after.is_some(), "it conforms");
    let rate = RateLimit {
        window_safe: false,
        counts: paceline_core::Dimension::Tokens,
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
        retry_after,
    };
    write(dialect, NOW, occasion, &[state])
}

fn numbers(limit: u64, used: u64, requested: u64, wait: &str) -> String {
    format!("Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}.")
}

#[test]
fn openai_is_a_gcra_to_the_last_digit() {
    for (limit, used, requested, wait) in OPENAI {
        let response = refused(Dialect::OpenAi, Quota::per_minute(limit), used, requested);
        let said = numbers(limit, used, requested, wait);
        assert!(response.body.contains(&said), "{wait}: {}", response.body);
    }
}

#[test]
fn groq_is_a_gcra_to_the_last_digit_by_the_day_too() {
    for (limit, used, requested, wait) in GROQ {
        let response = refused(Dialect::Groq, Quota::per_day(limit), used, requested);
        let said = numbers(limit, used, requested, wait);
        assert!(response.body.contains(&said), "{wait}: {}", response.body);
    }
}

/// Whoever obeys the real provider may be too early by less than a millisecond; ours says it in full.
#[test]
fn what_openai_cuts_off_is_less_than_a_millisecond() {
    for (limit, used, requested, wait) in CUT_OFF {
        let response = refused(Dialect::OpenAi, Quota::per_minute(limit), used, requested);
        let none = paceline_wire::pairs::<&str, &str>(&[]);
        let read = |body: &[u8]| paceline_wire::read(429, none, body, NOW).retry_after(NOW);
        let ours = read(response.body.as_bytes()).expect("it says so");
        let theirs = format!("Please try again in {wait}.");
        let theirs = read(theirs.as_bytes()).expect("it says so");
        let more = ours.checked_sub(theirs).expect("never less");
        assert_eq!(more, Duration::from_millis(1), "{wait}");
    }
}

/// Limit, remaining and reset of OpenAI's tokens per minute: captured through Kong, 2025-01-04, by
/// curl, 2024-12-25, and as karstenheld3/OpenAI-BackendTools has them, 2026-01-31.
#[test]
fn openais_resets_are_a_gcra_too() {
    for (limit, remaining, reset) in [
        (10_000, 9_481, "3.114s"),
        (200_000, 199_978, "6ms"),
        (100_000, 99_984, "9ms"),
    ] {
        let quota = Quota::per_minute(limit);
        let response = refused(Dialect::OpenAi, quota, limit - remaining, limit);
        let header = ("x-ratelimit-reset-tokens", reset.to_owned());
        assert!(response.headers.contains(&header), "{response:?}");
    }
}

/// When requests were sent, in seconds, and what remained of the ten seconds' requests then; none if it
/// was refused.
type Run = (&'static [f64], &'static [Option<u64>]);

macro_rules! values {
    ($($value:tt),* $(,)?) => { &[$(values!(@ $value)),*] };
    (@ x) => { None };
    (@ $value:literal) => { Some($value) };
}

/// Runs against Azure's deployments of 10,000 tokens and so 60 requests a minute.
///
/// From the tables and timings in github.com/stuartleeks/aoai-testing, folder `results`: `chat.md` at
/// 9bbc22f (three runs), `chat-gpt-4o.md` at 03c7563 (two), `chat-gpt-4.md` at 87b3c5c (five) and
/// `completions.md` at 9e9e510 (two), 2024-07-08 to 2024-08-07. The first two files have 54 values.
#[rustfmt::skip]
const AZURE: [Run; 12] = [
    (&[34.374_693, 35.286_722, 36.567_960, 37.611_665, 39.026_420, 40.315_840, 41.867_458, 42.858_961, 43.902_197, 45.016_835],
     values![9, 8, 7, 6, 5, 4, 3, 2, 1, 1]),
    (&[30.030_451, 30.345_956, 30.703_761, 31.010_155, 31.329_538, 31.646_356, 31.912_617, 32.231_183, 32.536_956, 32.829_056,
       33.189_924, 33.307_263, 33.418_216, 33.524_874, 33.651_796, 33.750_431, 33.852_223, 33.974_065, 34.079_579, 34.181_464],
     values![9, 8, 7, 6, 5, 4, 3, 2, 1, 0, x, x, x, x, x, x, x, x, x, x]),
    (&[0.758_317, 2.119_477, 3.674_367, 4.998_926, 6.287_145, 7.529_691, 8.838_585, 10.225_659, 11.543_337, 12.876_239,
       14.168_985, 15.462_093, 16.754_209, 18.016_338, 19.301_173, 20.667_600, 21.981_375, 23.321_452, 24.600_305, 25.933_166],
     values![9, 8, 7, 6, 5, 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]),
    (&[44.628_740, 48.667_905, 56.728_022, 65.394_710, 72.251_899, 77.282_952, 85.411_888, 93.711_375, 100.248_547, 112.531_736],
     values![9, 8, 8, 8, 8, 8, 8, 8, 8, 9]),
    (&[2.576_464, 10.461_020, 17.657_776, 22.785_817],
     values![9, 8, 8, 8]),
    (&[54.142_147, 56.211_949, 58.130_112, 60.342_309, 62.322_396, 64.009_399, 66.001_053, 68.005_497, 69.747_986, 71.831_739],
     values![9, 8, 7, 6, 5, 4, 4, 4, 4, 4]),
    (&[23.258_355, 29.265_228, 35.184_430, 40.380_999, 46.024_500, 52.143_542, 57.076_619, 62.477_543, 68.797_529, 74.550_720],
     values![9, 8, 8, 8, 8, 8, 8, 8, 8, 8]),
    (&[50.107_626, 57.184_593, 62.496_695, 68.689_740, 75.449_552],
     values![9, 8, 8, 8, 8]),
    (&[45.170_519, 47.740_399, 49.512_147, 51.440_501, 53.046_253, 54.794_715, 56.832_862, 58.881_123, 60.822_346],
     values![9, 8, 7, 6, 5, 4, 4, 4, 4]),
    (&[16.481_233, 18.340_450, 20.770_149, 22.480_909],
     values![9, 8, 7, 6]),
    (&[35.937_859, 45.747_654, 51.111_328, 64.675_520, 77.994_829, 92.113_537, 95.702_062, 111.660_359, 124.739_093, 131.327_506],
     values![9, 9, 8, 9, 9, 9, 8, 9, 9, 8]),
    (&[22.129_041, 24.915_218, 51.965_077, 69.328_920, 72.304_256, 82.981_447, 88.664_656, 113.536_844, 137.117_373, 148.817_586],
     values![9, 8, 9, 9, 8, 9, 8, 9, 9, 9]),
];

/// The second request of the run before the last came 9.81 s after the first by the client's clock, which
/// does not know how long each took to arrive. All other 111 values are exact.
#[test]
fn azure_is_a_log_of_ten_seconds() {
    let quota = Quota::new(10, Duration::from_secs(10)).expect("within bounds");
    let (mut values, mut wrong) = (0, Vec::new());
    for (run, (times, remaining)) in AZURE.iter().enumerate() {
        assert_eq!(times.len(), remaining.len());
        let mut log = SlidingLog::new(quota);
        for (at, (seconds, seen)) in times.iter().zip(*remaining).enumerate() {
            let now = Timestamp::EPOCH.saturating_add(Duration::from_secs_f64(*seconds));
            let admitted = log.try_acquire(now, 1).is_ok();
            if !admitted {
                // Azure counts refused calls too; nothing that remains was seen after one, to tell.
                log.charge(now, 1);
            }
            assert_eq!(admitted, seen.is_some(), "run {run}, request {at}");
            let Some(seen) = *seen else {
                continue;
            };
            values += 1;
            if log.available(now) != seen {
                wrong.push((run, at));
            }
        }
    }
    assert_eq!(values, 112);
    assert_eq!(wrong, [(10, 1)]);
}
