//! Servers that a short rush leaves in a state that they do not leave again by themselves.

use std::fmt::Write;

use super::{
    Expected, Family, Row,
    lab::{Lab, count, requests},
};

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = metastable(lab);
    rows.extend(collapse(lab));
    rows
}

/// One server that can do ten a second, and a rush of twice that for ten seconds.
///
/// A client that no longer waits drops the answer. Published numbers (69.2 in time with retries at once,
/// 141.7 with full jitter) are of clients that take late answers for as long as they retry at all. A program
/// of its own repeats them with such clients, and is the source here with ours.
fn metastable(lab: Lab) -> Vec<Row> {
    const SEEDS: f64 = 200.0;

    let at_once = "delay.constant_s = 0\nerror_retries = 4";
    let jittered =
        "delay.exponential = { initial_s = 0.5, cap_s = 8 }\njitter = \"full\"\nerror_retries = 4";
    let budget = "[strategy.budget.ratio]\npercent = 10\nmost = 10\ninitial = 10";
    let mut rows = Vec::new();
    for (variant, backoff, budget, calls, completed) in [
        (
            "no retries",
            "delay.constant_s = 0\nerror_retries = 0",
            "",
            None,
            (213.7, 51.0),
        ),
        (
            "4 retries at once",
            at_once,
            "",
            Some((4_115.5, 164.7)),
            (45.1, 41.3),
        ),
        (
            "4 retries, full jitter",
            jittered,
            "",
            Some((4_089.1, 180.2)),
            (51.9, 45.3),
        ),
        (
            "4 retries, budget of 10 %",
            at_once,
            budget,
            Some((948.1, 4.2)),
            (85.9, 53.1),
        ),
        (
            "4 retries, both",
            jittered,
            budget,
            Some((947.9, 4.4)),
            (86.5, 53.0),
        ),
    ] {
        let text = format!(
            r#"
            seed = 0
            duration_s = 1_000
            bin_s = 1_000
            [workload]
            arrivals.steps = {{ gaps = "even", rates = [
                {{ from_s = 0, rate_per_min = 540 }},
                {{ from_s = 20, rate_per_min = 1_200 }},
                {{ from_s = 30, rate_per_min = 540 }},
                {{ from_s = 60, rate_per_min = 420 }},
                {{ from_s = 75, rate_per_min = 300 }},
                {{ from_s = 90, rate_per_min = 180 }},
                {{ from_s = 100, rate_per_min = 0 }},
            ] }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            first_token.exponential.mean_s = 0.1
            server.workers = 1
            [[strategy]]
            name = "it"
            timeout_s = 0.5
            [strategy.backoff]
            {backoff}
            {budget}
            "#
        );
        let [attempts, done] = lab.measure(&text, |of| {
            [count(of[0].calls), count(of[0].workloads[0].completed)]
        });
        let expected =
            |(mean, deviation): (f64, f64)| Expected::About(mean, deviation / SEEDS.sqrt());
        let row = |quantity, expected, measured| {
            Family::Overload.row(
                "metastable queue",
                variant.to_owned(),
                quantity,
                expected,
                "another program, 200 seeds",
                measured,
            )
        };
        if let Some(calls) = calls {
            rows.push(row("calls", expected(calls), attempts));
        }
        rows.push(row("in time", expected(completed), done));
    }
    rows
}

/// A server that becomes slower with its load, a rush of five seconds and a long one.
///
/// What is under way after 80 s counts as not done. The reference is a mean over ten runs, which lie
/// far apart; their error is what ours say of ten runs.
fn collapse(lab: Lab) -> Vec<Row> {
    let rush = "{ from_s = 0, rate_per_min = 2_400 },
        { from_s = 20, rate_per_min = 4_800 },
        { from_s = 25, rate_per_min = 2_400 },"
        .to_owned();
    let at_once = "delay.constant_s = 0";
    let spread = "delay.exponential = { initial_s = 20, cap_s = 40 }\njitter = \"full\"";
    let mut rows = Vec::new();
    for (shape, rates, variant, backoff, expected, source) in [
        (
            "rush of 5 s",
            &rush,
            "at once",
            at_once,
            (0.5938, 0.08),
            "2020 of 3402, ten runs of its code",
        ),
        (
            "rush of 5 s",
            &rush,
            "after up to 20, 40 s",
            spread,
            (0.977_04, 0.0008),
            "3319 of 3397, ten runs of its code",
        ),
        (
            "long rush",
            &ramp(),
            "at once",
            at_once,
            (0.3185, 0.009),
            "1111 of 3488, ten runs of its code",
        ),
        (
            "long rush",
            &ramp(),
            "after up to 20, 40 s",
            spread,
            (0.3175, 0.008),
            "1103 of 3474, ten runs of its code",
        ),
    ] {
        let text = format!(
            r#"
            seed = 0
            duration_s = 80
            bin_s = 80
            [workload]
            arrivals.steps.rates = [{rates}]
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            network.exponential.mean_s = 0.1
            first_token.fixed_s = 1
            slows.per_in_service_s = 0.01
            [[strategy]]
            name = "it"
            timeout_s = 3
            [strategy.backoff]
            {backoff}
            error_retries = 2
            "#
        );
        let [done] = lab.measure(&text, |of| {
            [count(of[0].workloads[0].completed) / requests(&of[0])]
        });
        let parameters = format!("{shape}, 2 retries {variant}");
        let expected = Expected::About(expected.0, expected.1);
        rows.push(Family::Overload.row(
            "collapse",
            parameters,
            "share in time",
            expected,
            source,
            done,
        ));
    }
    rows
}

/// 80 - 1.6 |t - 25| a second, in steps of a second.
fn ramp() -> String {
    let mut rates = String::new();
    for second in 0..75_u32 {
        let middle = f64::from(second) + 0.5;
        let per_min = 60.0 * (80.0 - 1.6 * (middle - 25.0).abs());
        // Writing to a string cannot fail.
        let _ = write!(rates, "{{ from_s = {second}, rate_per_min = {per_min} }}, ");
    }
    rates + "{ from_s = 75, rate_per_min = 0 }"
}
