//! Arrivals whose rate changes at stated times.

use paceline_sim::{engine::Streams, report, scenario::Scenario, workload::Jobs};

fn text(steps: &str) -> String {
    format!(
        "seed = 4
        duration_s = 100
        [workload]
        arrivals.steps = {{ {steps} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[strategy]]
        name = \"it\""
    )
}

fn read(steps: &str) -> Scenario {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text(steps)).expect("the folder can be written to");
    Scenario::read(&path, &[]).expect("the test's scenario is legal")
}

/// The times of arrivals, in seconds since the start.
fn times(steps: &str) -> Vec<f64> {
    let scenario = read(steps);
    let mut jobs = Jobs::start(&scenario, Streams::new(4)).expect("there is no trace to fail");
    let mut times = Vec::new();
    while let Some(job) = jobs.next_job().expect("there is no trace to fail") {
        let since = job.at.saturating_duration_since(scenario.start());
        times.push(since.as_secs_f64());
    }
    times
}

const RATES: &str = "rates = [
    { from_s = 10, rate_per_min = 60 }, { from_s = 20, rate_per_min = 0 },
    { from_s = 50, rate_per_min = 12_000 }, { from_s = 70, rate_per_min = 30 }]";

#[test]
fn even_gaps_are_as_long_as_the_rate_of_their_time_says() {
    let times = times(&format!("gaps = \"even\", {RATES}"));
    let within = |from: f64, to: f64| {
        let times = times.iter().filter(|&&at| from < at && at < to);
        times.copied().collect::<Vec<_>>()
    };
    assert!(within(0.0, 10.5).is_empty() && within(20.5, 50.0).is_empty());
    let first: Vec<_> = (11..20).map(f64::from).collect();
    assert!(
        within(10.5, 19.5)
            .iter()
            .zip(&first)
            .all(|(a, b)| (a - b).abs() < 1e-6)
    );
    assert_eq!(within(10.5, 19.5).len(), first.len());
    assert_eq!(within(50.001, 69.999).len(), 3_999);
    assert!(
        within(70.1, 100.0)
            .windows(2)
            .all(|pair| (pair[1] - pair[0] - 2.0).abs() < 1e-6)
    );
}

#[test]
fn the_part_of_a_gap_that_has_passed_counts_at_the_next_rate() {
    let rates = "[{ from_s = 0, rate_per_min = 6 }, { from_s = 5, rate_per_min = 60 }]";
    // Half of ten seconds have passed, so half of one is left.
    let first = times(&format!("gaps = \"even\", rates = {rates}"))[0];
    assert!((first - 5.5).abs() < 1e-6, "{first}");
}

#[test]
fn arrivals_at_random_number_as_many_as_the_rates_say() {
    let times = times(RATES);
    let count = |from: f64, to: f64| times.iter().filter(|&&at| from <= at && at < to).count();
    assert_eq!(count(0.0, 10.0) + count(20.0, 50.0), 0);
    // Four standard deviations around 10, 4,000 and 15.
    assert!((1..=23).contains(&count(10.0, 20.0)));
    assert!((3_747..=4_253).contains(&count(50.0, 70.0)));
    assert!((1..=31).contains(&count(70.0, 100.0)));
}

#[test]
fn steps_are_explained_and_bad_ones_refused() {
    let explained = report::explanation(&read(&format!("gaps = \"even\", {RATES}")));
    assert!(
        explained.contains("arrive evenly: 60 a minute from 10.0 s on"),
        "{explained}"
    );
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("bad.toml");
    for (steps, part) in [
        (
            "rates = [{ from_s = 5, rate_per_min = 1 }, { from_s = 5, rate_per_min = 2 }]",
            "rates: expected each from_s to be later",
        ),
        (
            "rates = [{ from_s = 0, rate_per_min = 0 }]",
            "rates: expected a rate_per_min above 0",
        ),
        ("rates = []", "rates: expected a rate_per_min above 0"),
        (
            "rates = [{ from_s = 0, rate_per_min = 1e12 }]",
            "expected at most 1e9 requests",
        ),
    ] {
        std::fs::write(&path, text(steps)).expect("the folder can be written to");
        let err = Scenario::read(&path, &[]).expect_err("it is not legal");
        assert!(format!("{err:#}").contains(part), "{err:#}");
    }
}
