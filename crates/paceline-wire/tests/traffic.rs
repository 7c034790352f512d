//! Headers of real traffic, where they are at hand: every reading must come out as it was written.

use std::{fs, path::Path, time::Duration};

use paceline_core::{Class, LimitReading, LimitWindow, Metric, Timestamp};
use paceline_wire::{pairs, read};

#[test]
fn every_observed_reading_is_read_where_they_are_at_hand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/traffic/rate_limit_headers_observed.csv");
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        check(&row);
        rows += 1;
    }
    assert_eq!(rows, 499);
}

/// One row: provider, date, status, limit, remaining and reset of requests and of tokens, retry-after.
fn check(row: &[&str]) {
    let date = timestamp(row[1]);
    // Our clock is not the server's.
    let received_at = date.saturating_add(Duration::from_secs(86_400 * 40 + 7));
    let mut headers = vec![("date".to_owned(), http_date(date))];
    let provider = row[0];
    for (at, what) in [(3, "requests"), (6, "tokens")] {
        for (value, part) in row[at..at + 3].iter().zip(["limit", "remaining", "reset"]) {
            if !value.is_empty() {
                let value = written(provider, part, value, date);
                headers.push((name(provider, part, what), value));
            }
        }
    }
    if !row[9].is_empty() {
        headers.push(("retry-after".to_owned(), row[9].to_owned()));
    }
    let status = row[2].parse().expect("a status");
    let feedback = read(status, pairs(&headers), b"", received_at);
    let class = if status == 400 {
        Class::Other
    } else {
        Class::Ok
    };
    assert_eq!(feedback.class, class, "{row:?}");
    // On a success it is no order to wait.
    assert_eq!(feedback.hint, None, "{row:?}");
    for (at, metric) in [(3, Metric::Requests), (6, Metric::Tokens)] {
        let mut found = feedback.limits.iter().filter(|l| l.metric == metric);
        if row[at..at + 3].iter().all(|value| value.is_empty()) {
            assert_eq!(found.next(), None, "{row:?}");
            continue;
        }
        let reading = found.next().expect("it is read");
        assert_eq!(reading.limit, row[at].parse().ok(), "{row:?}");
        assert_eq!(reading.remaining, row[at + 1].parse().ok(), "{row:?}");
        assert_eq!(
            millis(reading, received_at),
            expected(row[at + 2]),
            "{row:?}"
        );
        assert_window(row, reading);
    }
    let limits = usize::from(!row[4].is_empty()) + usize::from(!row[7].is_empty());
    assert_eq!(feedback.limits.len(), limits, "{row:?}");
}

/// What is known of the windows: by OpenAI's, Azure's and Groq's refill, by Mistral's and Anthropic's names.
fn assert_window(row: &[&str], reading: &LimitReading) {
    let window = match (row[0], reading.metric) {
        ("mistral", Metric::Requests) => Some(LimitWindow::Span(Duration::from_secs(10))),
        ("groq", Metric::Requests) => Some(LimitWindow::DAY),
        ("openai", Metric::Requests) if row[3] == "200" => Some(LimitWindow::DAY),
        ("openai", Metric::Requests) if expected(row[5]) == Some(0) => return,
        ("azure-openai", Metric::Requests) if row[3].is_empty() => {
            Some(LimitWindow::Span(Duration::from_secs(10)))
        }
        // Only a reset tells.
        ("azure-openai", Metric::Requests) if row[5].is_empty() => None,
        ("together" | "replicate", _) => None,
        _ => Some(LimitWindow::MINUTE),
    };
    if row[0] == "openai" && row[3] == "10000" && reading.window == Some(LimitWindow::DAY) {
        // The accounts of the first tier have a day's limit of 10,000 as well.
        assert!(expected(row[5]) > Some(1_000), "{row:?}");
        return;
    }
    assert_eq!(reading.window, window, "{row:?}");
}

fn name(provider: &str, part: &str, what: &str) -> String {
    match (provider, what) {
        ("anthropic", _) => format!("anthropic-ratelimit-{what}-{part}"),
        ("mistral", "requests") => format!("x-ratelimit-{part}-req-10-second"),
        ("mistral", _) => format!("x-ratelimit-{part}-tokens-minute"),
        ("together", _) => format!("x-ratelimit-{part}"),
        ("replicate", _) => format!("ratelimit-{part}"),
        _ => format!("x-ratelimit-{part}-{what}"),
    }
}

/// A value as its provider writes it.
fn written(provider: &str, part: &str, value: &str, date: Timestamp) -> String {
    if part != "reset" {
        return value.to_owned();
    }
    let millis = expected(value).expect("a reset");
    match provider {
        "anthropic" => {
            let at = i128::from(date.as_nanos()) / 1_000_000_000 + millis / 1_000;
            rfc3339(u64::try_from(at).expect("after 1970"))
        }
        "azure-openai" => millis.to_string(),
        "openai" | "groq" if millis < 1_000 => format!("{millis}ms"),
        "openai" | "groq" if millis >= 60_000 => {
            let (minutes, rest) = (millis / 60_000, millis % 60_000);
            format!("{minutes}m{}.{:03}s", rest / 1_000, rest % 1_000)
        }
        "openai" | "groq" => format!("{value}s"),
        _ => value.to_owned(),
    }
}

/// A number of seconds with up to three decimals, in milliseconds.
fn expected(seconds: &str) -> Option<i128> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<3}").parse().ok()?;
    Some(whole * 1_000 + fraction)
}

fn millis(reading: &LimitReading, received_at: Timestamp) -> Option<i128> {
    let at = i128::from(reading.reset_at?.as_nanos()) - i128::from(received_at.as_nanos());
    Some(at / 1_000_000)
}

fn timestamp(text: &str) -> Timestamp {
    let event = format!("{{\"error\":{{\"resets_at\":\"{text}\"}}}}");
    let feedback = paceline_wire::read_event(event.as_bytes(), Timestamp::EPOCH);
    feedback.hint.expect("it is a date").at
}

/// Year, month, day, hour, minute and second.
fn fields(seconds: u64) -> (u64, usize, u64, u64, u64, u64) {
    let (mut year, mut month, mut days) = (1970, 0, seconds / 86_400);
    let leap = |year: u64| year.is_multiple_of(4);
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let second = seconds % 86_400;
    (
        year,
        month,
        days + 1,
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}

fn rfc3339(seconds: u64) -> String {
    let (year, month, day, hour, minute, second) = fields(seconds);
    let month = month + 1;
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn http_date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day, hour, minute, second) = fields(at.as_nanos() / 1_000_000_000);
    let month = MONTHS[month];
    // Nobody looks at the day of the week.
    format!("Mon, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}
