//! Backlogs against limits: nothing here is left to chance.

use super::{
    Family, Row,
    lab::{Lab, count},
};

/// A backlog whose requests come back exactly when they were told to.
fn scenario(start: &str, duration_s: f64, jobs: u32, limit: &str) -> String {
    format!(
        r#"
        seed = 0
        start = "{start}"
        duration_s = {duration_s}
        [workload]
        arrivals.batch = {{ jobs = {jobs} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        retry_after = "exact"
        [[provider.limit]]
        counts = "requests"
        per = "minute"
        {limit}
        [[strategy]]
        name = "exactly when told"
        [strategy.backoff]
        delay.constant_s = 1
        hint = "exact"
        "#
    )
}

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = herds(lab);
    rows.extend(boundaries(lab));
    rows.push(order(lab));
    rows
}

/// Two backlogs of which one was there first, until half of all is done.
fn order(lab: Lab) -> Row {
    let kind = "limit = 100\nkind = \"calendar\"";
    let text = scenario("2026-01-01T00:00:00Z", 300.0, 500, kind);
    // What was there first comes first in the file.
    let (both, first) = (text.replace("[workload]", "[[workload]]"), "[[workload]]");
    let second = "
        [[workload]]
        name = \"second\"
        arrivals.batch = { jobs = 500 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]";
    let text = both
        .replace(first, "[[workload]]\nname = \"first\"")
        .replace("[provider]", second);
    Family::Bursts.row(
        "herd after each reset",
        "500 jobs before 500 others, 100 a window, 5 windows".to_owned(),
        "of the first, done",
        500.0,
        "equal times go by the order of scheduling",
        lab.measure_once(&text, |of| of.workloads[0].completed),
    )
}

fn herds(lab: Lab) -> Vec<Row> {
    let row = |(limit, duration_s, calls)| {
        let kind = format!("limit = {limit}\nkind = \"calendar\"");
        let text = scenario("2026-01-01T00:00:00Z", duration_s, 1_000, &kind);
        Family::Bursts.row(
            "herd after each reset",
            format!("1000 jobs, {limit} a window"),
            "calls",
            calls,
            "n (n / N + 1) / 2",
            lab.measure_once(&text, |of| of.calls),
        )
    };
    let cells = [(100, 600.0, 5_500.0), (50, 1_200.0, 10_500.0)];
    cells.into_iter().map(row).collect()
}

/// Half a second before a reset, ten and a half seconds long.
fn boundaries(lab: Lab) -> Vec<Row> {
    let cells = [
        ("calendar", 120, "2 N"),
        ("gcra", 70, "burst + rate * t"),
        ("token-bucket", 70, "burst + rate * t"),
        ("sliding-log", 60, "N"),
    ];
    let row = |(kind, most, source)| {
        let limit = format!("limit = 60\nkind = \"{kind}\"");
        let text = scenario("2026-01-01T00:00:59.5Z", 10.5, 200, &limit);
        Family::Bursts.row(
            kind,
            "60 a minute, 10.5 s across a reset".to_owned(),
            "admitted",
            count(most),
            source,
            lab.measure_once(&text, |of| of.calls - of.refused),
        )
    };
    cells.into_iter().map(row).collect()
}
