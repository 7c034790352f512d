//! What bounds retries over all requests of a client.

use super::{
    Estimate, Expected, Family, Row,
    lab::{Lab, count, requests},
};
use crate::model::Tally;

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    // A run is a hundred clients already, or minutes of hundreds of calls a second.
    let fewer = Lab {
        runs: lab.runs.div_ceil(5),
        ..lab
    };
    let mut rows = brooker(fewer);
    rows.extend(small_clients(fewer));
    rows.extend(throttle(fewer));
    rows
}

/// Retries of a tenth of first calls, and five at first.
const RATIO: &str = "[strategy.budget.ratio]\npercent = 10\nmost = 5\ninitial = 5";

/// Clients that each call once at the start and then by themselves for ten seconds, so often a minute in all, over a
/// network, against a server that fails by lot.
fn scenario(clients: u32, per_min: u32, failing: f64, strategy: &str) -> String {
    format!(
        r#"
        seed = 0
        duration_s = 20
        bin_s = 20
        [[workload]]
        name = "at the start"
        arrivals.batch.jobs = {clients}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[workload]]
        name = "for ten seconds"
        assign = "at_random"
        arrivals.steps.rates = [
            {{ from_s = 0, rate_per_min = {per_min} }},
            {{ from_s = 10, rate_per_min = 0 }},
        ]
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        network.exponential.mean_s = 0.01
        error_rate = {failing}
        [[strategy]]
        name = "it"
        clients = {clients}
        [strategy.backoff]
        delay.constant_s = 0
        {strategy}
        "#
    )
}

/// M. Brooker's experiment on retries, 2022: what his code says in five runs, of a hundred clients that call ten times
/// a second.
///
/// Where nothing bounds retries, errors are those of so many independent requests; with a budget they are
/// of that order, and rounding comes on top.
fn brooker(lab: Lab) -> Vec<Row> {
    let mut rows = Vec::new();
    for (failing, success, load) in [
        (0.05, (1.0, 0.000_05), (1.055, 0.001)),
        (0.1, (0.9999, 0.000_05), (1.113, 0.0016)),
        (0.3, (0.9912, 0.0004), (1.424, 0.0033)),
        (0.5, (0.9385, 0.0011), (1.878, 0.0048)),
    ] {
        let text = scenario(100, 60_000, failing, "error_retries = 3");
        rows.extend(pair(lab, "3 retries", failing, &text, success, load));
    }
    for (failing, success, load) in [
        (0.05, (0.9999, 0.000_05), (1.051, 0.001)),
        (0.1, (0.9929, 0.0007), (1.101, 0.0015)),
        (0.3, (0.7984, 0.0018), (1.139, 0.0005)),
        (0.5, (0.5727, 0.0022), (1.142, 0.0005)),
    ] {
        let text = scenario(100, 60_000, failing, RATIO);
        rows.extend(pair(
            lab,
            "budget of 10 %, 5 at first",
            failing,
            &text,
            success,
            load,
        ));
    }
    for (failing, success, load) in [
        (0.05, (0.9865, 0.0008), (1.038, 0.001)),
        (0.1, (0.9305, 0.0015), (1.033, 0.0012)),
        (0.3, (0.7003, 0.0021), (1.001, 0.0005)),
        (0.5, (0.4978, 0.0023), (1.0, 0.0005)),
    ] {
        let text = scenario(
            100,
            60_000,
            failing,
            "[strategy.budget.breaker]\npercent = 10",
        );
        rows.extend(pair(lab, "breaker at 10 %", failing, &text, success, load));
    }
    rows
}

/// The same traffic of a hundred calls a second from few clients or many, of which each calls once at the
/// start, and each has a budget that begins full.
fn small_clients(lab: Lab) -> Vec<Row> {
    let row = |(clients, load): (u32, f64)| {
        let text = scenario(clients, 6_000, 0.5, RATIO);
        let [measured] = lab.measure(&text, |of| [count(of[0].calls) / requests(&of[0])]);
        let parameters = format!("{clients} clients, 100 calls a second in all, 0.5 fail");
        Row {
            model: "small clients, one server".to_owned(),
            ..new(
                parameters,
                "calls / request",
                Expected::About(load, 0.005),
                measured,
            )
        }
    };
    [(10, 1.142), (100, 1.463), (1_000, 1.890)].map(row).into()
}

/// Google's adaptive throttle, which sends so many times what is accepted and no more.
///
/// The first window is left out. What the reference says is of one run; its error is taken to be a quarter
/// of a percent.
fn throttle(lab: Lab) -> Vec<Row> {
    const WINDOW_S: f64 = 120.0;

    let row = |(per_s, percent, sent): (f64, u32, f64)| {
        let text = format!(
            r#"
            seed = 0
            duration_s = 240
            bin_s = {WINDOW_S}
            [workload]
            arrivals.poisson.rate_per_min = {}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[provider.limit]]
            counts = "requests"
            limit = 100
            per = "second"
            kind = "token-bucket"
            [[strategy]]
            name = "it"
            throttle.multiple_percent = {percent}
            "#,
            60.0 * per_s
        );
        let [measured] = lab.measure(&text, |of| {
            let later = of[0].series.last().copied().unwrap_or_default();
            [count(later.iter().sum()) / WINDOW_S]
        });
        Row {
            model: "adaptive throttle".to_owned(),
            source: "min(wanted, multiple * accepted), one run",
            ..new(
                format!("{per_s} a second want to go, 100 may, {percent} %"),
                "sent a second",
                Expected::About(sent, 0.0025 * sent),
                measured,
            )
        }
    };
    let cells = [
        (500.0, 200, 200.1),
        (500.0, 150, 149.9),
        (500.0, 110, 109.5),
        (150.0, 200, 149.9),
    ];
    cells.into_iter().map(row).collect()
}

/// The share that succeeds, and calls for each request.
fn pair(
    lab: Lab,
    variant: &str,
    failing: f64,
    text: &str,
    success: (f64, f64),
    load: (f64, f64),
) -> [Row; 2] {
    let [done, calls] = lab.measure(text, |of| {
        let requests = requests(&of[0]);
        [completed(&of[0]) / requests, count(of[0].calls) / requests]
    });
    let row = |quantity, (mean, error): (f64, f64), measured| {
        let parameters = format!("{variant}, {failing} fail");
        new(parameters, quantity, Expected::About(mean, error), measured)
    };
    [
        row("share that succeeds", success, done),
        row("calls / request", load, calls),
    ]
}

fn completed(tally: &Tally) -> f64 {
    count(tally.workloads.iter().map(|it| it.completed).sum())
}

fn new(parameters: String, quantity: &str, expected: Expected, measured: Estimate) -> Row {
    let model = "100 clients, one server";
    Family::Budgets.row(
        model,
        parameters,
        quantity,
        expected,
        "its code, 5 runs",
        measured,
    )
}
