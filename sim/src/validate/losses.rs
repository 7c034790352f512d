//! What limits refuse of Poisson traffic that never comes back.

use super::{
    Estimate, Family, Row,
    lab::{Lab, count},
};

/// Poisson arrivals that a limit refuses or serves.
fn scenario(rate_per_min: f64, duration_s: u32, service: &str, limit: &str) -> String {
    format!(
        r#"
        seed = 0
        duration_s = {duration_s}
        bin_s = {duration_s}
        [workload]
        arrivals.poisson = {{ rate_per_min = {rate_per_min} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.{service}
        [[provider.limit]]
        {limit}
        [[strategy]]
        name = "never comes back"
        "#
    )
}

const NO_TIME: &str = "fixed_s = 0";

/// What all of them are about.
const REFUSED: &str = "share refused";

pub(super) fn rows(lab: Lab) -> Vec<Row> {
    let mut rows = buckets(lab);
    rows.extend(windows(lab));
    rows.extend(permits(lab));
    rows
}

fn buckets(lab: Lab) -> Vec<Row> {
    let cells = [
        ("gcra", 1, 0.9, 0.473_684),
        ("gcra", 5, 0.9, 0.064_362),
        ("gcra", 5, 1.0, 0.103_449),
        ("gcra", 5, 1.2, 0.199_147),
        ("gcra", 10, 0.9, 0.016_632),
        ("gcra", 10, 1.0, 0.050_847),
        ("gcra", 10, 1.2, 0.170_911),
        ("gcra", 20, 1.0, 0.025_210),
        ("gcra", 50, 1.0, 0.010_033),
        ("token-bucket", 5, 1.0, 0.103_449),
        ("token-bucket", 10, 0.9, 0.016_632),
        ("token-bucket", 10, 1.2, 0.170_911),
    ];
    let row = |(kind, burst, rho, expected)| {
        let limit = format!(
            "counts = \"requests\"\nlimit = 60\nper = \"minute\"\nburst = {burst}\nkind = \"{kind}\""
        );
        let measured = refused(lab, &scenario(60.0 * rho, 10_000, NO_TIME, &limit));
        let parameters = format!("burst {burst}, arrivals {rho} of the rate");
        let source = "M/D/1 with a bound: 1 - W / (1 + rho W)";
        Family::Losses.row(kind, parameters, REFUSED, expected, source, measured)
    };
    cells.into_iter().map(row).collect()
}

fn windows(lab: Lab) -> Vec<Row> {
    let cells = [
        (60, 54.0, 12_000, 0.016_536),
        (60, 60.0, 12_000, 0.051_432),
        (60, 72.0, 12_000, 0.170_347),
        (10, 10.0, 36_000, 0.125_110),
        (500, 500.0, 2_400, 0.017_838),
    ];
    let row = |(most, mean, duration_s, expected): (u32, f64, u32, f64)| {
        let limit =
            format!("counts = \"requests\"\nlimit = {most}\nper = \"minute\"\nkind = \"calendar\"");
        let measured = refused(lab, &scenario(mean, duration_s, NO_TIME, &limit));
        let parameters = format!("{most} a window, {mean} arrive");
        let source = "1 - E[min(X, N)] / E[X], X Poisson";
        Family::Losses.row(
            "fixed window",
            parameters,
            REFUSED,
            expected,
            source,
            measured,
        )
    };
    cells.into_iter().map(row).collect()
}

fn permits(lab: Lab) -> Vec<Row> {
    let cells = [
        (1, 1.0, 0.5, 8_000),
        (10, 8.0, 0.121_661, 1_000),
        (10, 10.0, 0.214_582, 1_000),
        (100, 90.0, 0.026_957, 200),
    ];
    // The formula holds for any service with this mean.
    let services = [
        ("exponential.mean_s = 1", "exponential"),
        ("fixed_s = 1", "fixed"),
    ];
    let mut rows = Vec::new();
    for (most, load, expected, duration_s) in cells {
        for (service, shown) in services {
            let limit = format!("counts = \"concurrency\"\nlimit = {most}");
            let measured = refused(lab, &scenario(60.0 * load, duration_s, service, &limit));
            let parameters = format!("{most} permits, load {load}, {shown} service");
            rows.push(Family::Losses.row(
                "permits", parameters, REFUSED, expected, "Erlang B", measured,
            ));
        }
    }
    rows
}

/// The share of calls that is refused.
fn refused(lab: Lab, text: &str) -> Estimate {
    let [refused] = lab.measure(text, |of| [count(of[0].refused) / count(of[0].calls)]);
    refused
}
