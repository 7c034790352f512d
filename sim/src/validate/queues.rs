//! Clients with so many calls at a time are queues with so many servers.

use super::{
    Family, Row,
    lab::{Lab, mean_latency_s},
};
use crate::model::Tally;

/// Where the line is.
#[derive(Clone, Copy)]
enum Servers {
    /// At a client with so many calls at a time.
    Permits(u32),
    /// At a provider with so many workers.
    Workers(u32),
}

/// Poisson arrivals at `load` a second, and services of a second in the mean.
fn scenario(load: f64, servers: Servers, service: &str, duration_s: u32) -> String {
    let (provider, client) = match servers {
        Servers::Permits(most) => (String::new(), format!("concurrency = {most}")),
        Servers::Workers(most) => (format!("server.workers = {most}"), String::new()),
    };
    format!(
        r#"
        seed = 0
        duration_s = {duration_s}
        bin_s = {duration_s}
        [workload]
        arrivals.poisson = {{ rate_per_min = {} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.{service}
        {provider}
        [[strategy]]
        name = "so many at a time"
        {client}
        "#,
        60.0 * load
    )
}

/// Nobody waits for anybody; to tell waiting from service.
const NO_QUEUE: &str = r#"
    [[strategy]]
    name = "all at once"
"#;

const EXPONENTIAL: &str = "exponential.mean_s = 1";
const FIXED: &str = "fixed_s = 1";

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = Vec::new();
    for (load, wait, p99, duration_s) in [
        (0.5, 1.0, 9.210_340, 4_000),
        (0.8, 4.0, 23.025_851, 8_000),
        (0.9, 9.0, 46.051_702, 20_000),
        (0.95, 19.0, 92.103_404, 40_000),
    ] {
        let [measured, slowest] = lab.measure(
            &scenario(load, Servers::Permits(1), EXPONENTIAL, duration_s),
            |of| [mean_latency_s(&of[0]) - 1.0, p99_s(&of[0])],
        );
        let row = |quantity: &str, expected, source, measured| {
            Family::Queues.row(
                "M/M/1",
                format!("load {load}"),
                quantity,
                expected,
                source,
                measured,
            )
        };
        rows.push(row(
            "mean wait / service",
            wait,
            "rho / (1 - rho)",
            measured,
        ));
        rows.push(row(
            "p99 of sojourn / service",
            p99,
            "ln 100 / (1 - rho)",
            slowest,
        ));
    }
    for (load, wait, duration_s) in [
        (0.5, 0.5, 4_000),
        (0.8, 2.0, 8_000),
        (0.9, 4.5, 20_000),
        (0.95, 9.5, 40_000),
    ] {
        let [measured] = lab.measure(
            &scenario(load, Servers::Permits(1), FIXED, duration_s),
            |of| [mean_latency_s(&of[0]) - 1.0],
        );
        let parameters = format!("load {load}");
        let source = "Pollaczek, Khinchine: rho / 2 (1 - rho)";
        rows.push(Family::Queues.row(
            "M/D/1",
            parameters,
            "mean wait / service",
            wait,
            source,
            measured,
        ));
    }
    for (servers, load, waits, duration_s) in [
        (2, 1.6, 0.711_111, 5_000),
        (5, 2.5, 0.130_371, 3_200),
        (5, 4.0, 0.554_113, 2_000),
        (10, 5.0, 0.036_105, 1_600),
        (10, 8.0, 0.409_180, 1_000),
        (100, 80.0, 0.019_646, 100),
    ] {
        let text = scenario(load, Servers::Permits(servers), EXPONENTIAL, duration_s) + NO_QUEUE;
        let spare = f64::from(servers) - load;
        let [measured] = lab.measure(&text, |of| [mean_wait(of) * spare]);
        let parameters = format!("{servers} servers, load {load}");
        let quantity = "mean wait / service * spare servers";
        rows.push(Family::Queues.row("M/M/c", parameters, quantity, waits, "Erlang C", measured));
    }
    for (workers, load, wait, source) in [
        (1, 0.8, 4.0, "rho / (1 - rho)"),
        (5, 4.0, 0.554_113, "Erlang C / spare servers"),
    ] {
        let text = scenario(load, Servers::Workers(workers), EXPONENTIAL, 8_000);
        let [measured] = lab.measure(&text, |of| [mean_latency_s(&of[0]) - 1.0]);
        let parameters = format!("{workers} workers of a provider, load {load}");
        let quantity = "mean wait / service";
        rows.push(Family::Queues.row("M/M/c", parameters, quantity, wait, source, measured));
    }
    rows
}

/// The mean time in line: what the queue takes longer than no queue, with equal luck.
fn mean_wait(tallies: &[Tally]) -> f64 {
    mean_latency_s(&tallies[0]) - mean_latency_s(&tallies[1])
}

fn p99_s(tally: &Tally) -> f64 {
    let latency_us = &tally.workloads[0].latency_us;
    let p99 = latency_us.median_equivalent(latency_us.value_at_quantile(0.99));
    super::lab::count(p99) / 1e6
}
