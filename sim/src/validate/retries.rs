//! What retries cost: calls, and time.

use super::{
    Family, Row,
    lab::{Lab, count, requests},
};
use crate::model::Tally;

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = amplification(lab);
    rows.extend(total_backoff(lab));
    rows
}

/// Calls that fail with probability `failing`, each by itself, and layers of so many retries around each other.
fn amplification(lab: Lab) -> Vec<Row> {
    let mut rows = Vec::new();
    for (layers, retries, failing, calls, success) in [
        (1, 3, 0.1, 1.111, 0.9999),
        (1, 1, 0.5, 1.5, 0.75),
        (1, 3, 0.5, 1.875, 0.9375),
        (1, 10, 0.5, 1.999_023, 0.999_512),
        (1, 10, 0.9, 6.861_894, 0.686_189),
        (1, 3, 1.0, 4.0, 0.0),
        (2, 3, 0.9, 8.146_980, 0.814_698),
        (2, 3, 1.0, 16.0, 0.0),
        (3, 3, 0.9, 9.988_210, 0.998_821),
        (3, 3, 1.0, 64.0, 0.0),
    ] {
        let layer =
            format!("[[strategy.backoff]]\ndelay.constant_s = 0\nerror_retries = {retries}\n");
        let text = format!(
            r#"
            seed = 0
            duration_s = 2_000
            bin_s = 2_000
            [workload]
            arrivals.poisson = {{ rate_per_min = 60 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            error_rate = {failing}
            [[strategy]]
            name = "retries at once"
            {}"#,
            layer.repeat(layers)
        );
        let [load, done] = lab.measure(&text, |of| {
            let (of, requests) = (&of[0], requests(&of[0]));
            [
                count(of.calls) / requests,
                count(of.workloads[0].completed) / requests,
            ]
        });
        let parameters = match layers {
            1 => format!("{retries} retries, {failing} fail"),
            _ => format!("{layers} layers of {retries} retries, {failing} fail"),
        };
        for (quantity, expected, source, measured) in [
            (
                "calls / request",
                calls,
                "(1 - f^n) / (1 - f), n = (k + 1)^layers",
                load,
            ),
            (
                "share that succeeds",
                success,
                "1 - f^n, n = (k + 1)^layers",
                done,
            ),
        ] {
            let parameters = parameters.clone();
            rows.push(
                Family::Retries.row("retries", parameters, quantity, expected, source, measured),
            );
        }
    }
    rows
}

/// The mean time that a request sleeps in all, with the constants of the SDKs of OpenAI and Anthropic.
///
/// Every call fails. What a client with one retry more calls besides are its last calls, and equal luck
/// makes all others come at the same times.
fn total_backoff(lab: Lab) -> Vec<Row> {
    const JOBS: f64 = 200.0;
    const BIN_S: f64 = 0.01;

    let row = |(retries, total)| {
        let strategy = |retries: u32| {
            format!(
                r#"
                [[strategy]]
                name = "{retries} retries"
                [strategy.backoff]
                delay.exponential = {{ initial_s = 0.5, cap_s = 8 }}
                jitter.down_percent = 25
                error_retries = {retries}
                "#
            )
        };
        let text = format!(
            r#"
            seed = 0
            duration_s = 60
            bin_s = {BIN_S}
            [workload]
            arrivals.batch = {{ jobs = {JOBS} }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            error_rate = 1
            {}{}"#,
            strategy(retries),
            strategy(retries - 1)
        );
        let times = |of: &Tally| -> f64 {
            let bins = (0_u32..).zip(&of.series);
            bins.map(|(bin, calls)| (f64::from(bin) + 0.5) * BIN_S * count(calls[0]))
                .sum()
        };
        let [slept] = lab.measure(&text, |of| [(times(&of[0]) - times(&of[1])) / JOBS]);
        let source = ".875 * sum of min(.5 * 2^i, 8)";
        let parameters = format!("{retries} retries");
        Family::Retries.row(
            "backoff of SDKs",
            parameters,
            "mean sleep in all, s",
            total,
            source,
            slept,
        )
    };
    let cells = [(2, 1.3125), (5, 13.5625), (10, 48.5625)];
    cells.into_iter().map(row).collect()
}
