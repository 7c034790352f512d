//! Patient requests that wait for the hours in which they are sent.

mod common;
mod house;
mod text;

use common::{run, strategy};
use house::shipped;

const DAYS: &str = "seed = 3
    duration_s = 259_200
    bin_s = 3_600
    start = \"2026-03-02T00:00:00Z\"
    [[workload]]
    name = \"urgent\"
    arrivals.poisson = { rate_per_min = 1 }
    input_tokens.fixed = 1
    output_tokens.fixed = 1
    [[workload]]
    name = \"patient\"
    priority = \"batch\"
    arrivals.poisson = { rate_per_min = 1 }
    input_tokens.fixed = 1
    output_tokens.fixed = 1
";

#[test]
fn patient_requests_are_sent_off_peak_alone() {
    // By a clock two hours ahead, nights are from 20:00 to 04:00 of UTC.
    let nights = "[[strategy]]
        name = \"nights\"
        off_peak = { windows = [[\"22:00\", \"06:00\"]], utc_offset_h = 2 }\n";
    let quiet = DAYS.replacen("rate_per_min = 1 }", "rate_per_min = 0.000_01 }", 1);
    let comparison = run(&format!("{quiet}{nights}"), 1);
    let calls = &strategy(&comparison, "nights").series;
    for (hour, bin) in calls.iter().enumerate() {
        let night = !(4..20).contains(&(hour % 24));
        assert_eq!(bin.admitted > 0.0, night, "hour {hour}: {}", bin.admitted);
    }
    // Sixteen hours of them come at once, and all the others when they arrive.
    assert!((900.0..1_200.0).contains(&calls[20].admitted));
    assert!((30.0..100.0).contains(&calls[21].admitted));

    let comparison = run(&format!("{DAYS}{nights}"), 1);
    let [urgent, patient] = strategy(&comparison, "nights").workloads.as_slice() else {
        panic!("there are two workloads");
    };
    assert_eq!(urgent.unfinished + urgent.abandoned, 0.0);
    assert!(urgent.latency.p99_s.expect("some") < 0.01);
    let (_, longest) = patient.latency.curve[patient.latency.curve.len() - 1];
    assert!((57_000.0..58_000.0).contains(&longest), "{longest}");
}

/// Neither those that still wait when the day begins, nor those that are tried again, are sent by day.
#[test]
fn what_is_left_of_the_night_waits_for_the_next() {
    let text = DAYS.replacen("rate_per_min = 1 }", "rate_per_min = 0.000_01 }", 1);
    let text = format!(
        "{text}[provider]
        error_rate = 0.3
        refusal_s = 1_800
        [[strategy]]
        name = \"nights\"
        spacing_s = 120
        off_peak.windows = [[\"22:00\", \"24:00\"], [\"00:00\", \"06:00\"]]
        backoff.delay.constant_s = 3_600"
    );
    let comparison = run(&text, 1);
    let nights = strategy(&comparison, "nights");
    for (hour, bin) in nights.series.iter().enumerate() {
        let night = !(6..22).contains(&(hour % 24));
        assert_eq!(bin.admitted > 0.0, night, "hour {hour}: {}", bin.admitted);
    }
    assert!(nights.failed > 50.0 && nights.unfinished > 1_000.0);
}

/// Reports by night leave the day's quota to people.
#[test]
fn nights_leave_the_day_to_people() {
    let comparison = shipped("day-quota.toml");
    let people = |name| &strategy(&comparison, name).workloads[0];
    let (mixed, nights) = (people("as they come"), people("reports by night"));
    assert!(mixed.completed < 0.5 * nights.completed);
    assert!(mixed.latency.p50_s.expect("some") > 3_600.0);
    assert!(nights.latency.p50_s.expect("some") < 4.0);
    let all = strategy(&comparison, "cache, night and tens");
    assert_eq!(all.completed, comparison.arrivals);
    let [people, reports] = all.workloads.as_slice() else {
        panic!("there are two workloads");
    };
    assert!(people.latency.p99_s.expect("some") < 15.0);
    // From the early morning to the evening, at most.
    let (_, longest) = reports.latency.curve[reports.latency.curve.len() - 1];
    assert!(longest < 20.1 * 3_600.0, "{longest}");
}
